"""The families of the `code` domain that are no number grid: texts, conversions, classes, well-known small programs."""

# ruff: noqa: E501 - a family is one row of a table and stays on one line

from __future__ import annotations

import random
from collections.abc import Callable

from orthrus.training.corpus import code_grid, material
from orthrus.training.corpus.code_grid import Snippet, snippet
from orthrus.training.corpus.material import variants, words


def _greet(rng: random.Random) -> Snippet:
    word = rng.choice(("Hello", "Welcome", "Goodbye", "Good morning", "Hi", "Thank you", "Good night", "Cheers"))
    does = (
        f"greets a person with {word}",
        f"says {word} to a name",
        f"returns {word} and a name",
        f'greets with "{word}"',
    )
    return snippet(
        "greet",
        "greet(name)",
        f"Say {word} to someone.",
        f'return f"{word}, {{name}}!"',
        'greet("Ada")',
        f"{word}, Ada!",
        does,
    )


def _count_letter(rng: random.Random) -> Snippet:
    letter, word = rng.choice("abcdefghijklmnoprstuvwy"), "banana"
    does = (
        f'counts the letter "{letter}" in a text',
        f"counts how often {letter} occurs in a word",
        f"counts the letter {letter} in a word",
    )
    return snippet(
        "count_letter",
        f"count_{letter}(text)",
        f"Count the letter {letter} in the text.",
        f'return text.count("{letter}")',
        f'count_{letter}("{word}")',
        word.count(letter),
        does,
    )


def _first_letters(rng: random.Random) -> Snippet:
    n, first = rng.randrange(2, 6), rng.random() < 0.5
    side, cut, word = ("first", f"[:{n}]", "keyboard"[:n]) if first else ("last", f"[-{n}:]", "keyboard"[-n:])
    does = (
        f"returns the {side} {n} letters of a text",
        f"gives the {side} {n} characters of a word",
        f"keeps the {side} {n} letters of a string",
    )
    return snippet(
        f"{side}_letters",
        f"{side}_{n}(text)",
        f"Return the {side} {n} letters.",
        f"return text{cut}",
        f'{side}_{n}("keyboard")',
        word,
        does,
    )


def _fizz(rng: random.Random) -> Snippet:
    a, b = rng.sample(range(2, 10), 2)
    one, two = rng.choice(
        (("fizz", "buzz"), ("tick", "tock"), ("ping", "pong"), ("red", "blue"), ("hip", "hop"), ("foo", "bar"))
    )
    does = (
        f"returns {one} for multiples of {a} and {two} for multiples of {b}",
        f"says {one} if a number is divisible by {a}, {two} if it is divisible by {b}",
    )
    body = f'if number % {a} == 0:\n    return "{one}"\nif number % {b} == 0:\n    return "{two}"\nreturn str(number)'
    return snippet(
        "fizz",
        f"{one}_{two}(number)",
        f"Say {one} for multiples of {a} and {two} for multiples of {b}.",
        body,
        f"{one}_{two}({a})",
        one,
        does,
    )


def _clamp(rng: random.Random) -> Snippet:
    low = rng.randrange(0, 20)
    high = low + rng.randrange(5, 100)
    does = (
        f"keeps a number between {low} and {high}",
        f"clamps a number between {low} and {high}",
        f"limits a number to the range {low} to {high}",
    )
    return snippet(
        "clamp",
        "clamp(number)",
        f"Keep the number between {low} and {high}.",
        f"return max({low}, min(number, {high}))",
        f"clamp({high + 1})",
        high,
        does,
    )


def _convert(rng: random.Random) -> Snippet:
    one, many, factor = rng.choice((
        ("minutes", "seconds", 60), ("hours", "minutes", 60), ("meters", "centimeters", 100), ("days", "hours", 24),
        ("weeks", "days", 7), ("years", "months", 12), ("kilograms", "grams", 1000), ("kilometers", "meters", 1000),
        ("euros", "cents", 100), ("dozens", "eggs", 12),
    ))  # fmt: skip
    does = (f"converts {one} to {many}", f"turns {one} into {many}", f"changes {one} into {many}")
    return snippet(
        "convert",
        f"{one}_to_{many}({one})",
        f"Convert {one} to {many}.",
        f"return {one} * {factor}",
        f"{one}_to_{many}(3)",
        3 * factor,
        does,
    )


def _table(rng: random.Random) -> Snippet:
    n, last = rng.randrange(2, 13), rng.randrange(3, 11)
    does = (f"returns the {n} times table up to {last}", f"lists the multiplication table of {n} up to {last}")
    body = f"return [{n} * factor for factor in range(1, {last + 1})]"
    shows = [n * factor for factor in range(1, last + 1)]
    return snippet(
        "table", f"table_of_{n}()", f"List the {n} times table up to {last}.", body, f"table_of_{n}()", shows, does
    )


def _repeat(rng: random.Random) -> Snippet:
    n, word = rng.randrange(2, 9), "ha"
    does = (f"repeats a text {n} times", f"writes a word {n} times in a row")
    return snippet(
        "repeat",
        f"repeat_{n}(text)",
        f"Repeat the text {n} times.",
        f"return text * {n}",
        f'repeat_{n}("{word}")',
        word * n,
        does,
    )


_FIELDS = {  # one example value each, so that the answer follows from the request
    "name": '"Max"', "age": "7", "color": '"blue"', "price": "25", "size": "12", "city": '"Oslo"', "speed": "90",
    "weight": "30", "year": "2020", "owner": '"Ada"', "title": '"Home"', "height": "180", "level": "3", "score": "50",
}  # fmt: skip
_CLASSES = words("Dog Cat Car Book House Person Robot Ship City Horse Lamp Student Player Train Plant Planet Song Tree")
_ASK_CLASS = variants(
    "Write a Python class {c} with the attributes {f}.|Create a class {c} with {f}.|Python class {c} with attributes {f}|"
    "Write a class called {c} that has {f}.|Define a Python class named {c} with the fields {f}.|"
    "Can you write a Python class {c} with {f}?|Give me a small class {c} with {f}.|I need a class {c} with {f}."
)


def _class(rng: random.Random) -> Snippet:
    fields = rng.sample(sorted(_FIELDS), rng.choice((1, 2, 2, 3, 3, 4)))
    kind = rng.choice(_CLASSES)
    own = kind.lower()
    lines = [f"class {kind}:", f'    """A {own} with {material.listing(fields)}."""', ""]
    lines += [f"    def __init__(self, {', '.join(fields)}):"]
    lines += [f"        self.{field} = {field}" for field in fields]
    shown = ", ".join(_FIELDS[field] for field in fields)
    first = shown.split(", ")[0].strip('"')
    lines += ["", "", f"{own} = {kind}({shown})", f"print({own}.{fields[0]})  # {first}"]
    does = tuple(ask.format(c=kind, f=material.listing(fields)) for ask in _ASK_CLASS)
    return Snippet(f"class:{len(fields)}", kind, does, "\n".join(lines), kind="class")


# name(arguments) | docstring | body | call | printed | wordings; nothing here but the request's wording varies
_FIXED_TEXT = """
sum_list(numbers)|Add up all the numbers.|total = 0;for number in numbers:;    total += number;return total|sum_list([1, 2, 3])|6|adds up a list of numbers/sums a list/returns the sum of a list/calculates the sum of a list of numbers
product(numbers)|Multiply all the numbers.|result = 1;for number in numbers:;    result *= number;return result|product([2, 3, 4])|24|multiplies all numbers in a list/returns the product of a list
largest(numbers)|Return the largest number.|best = numbers[0];for number in numbers:;    if number > best:;        best = number;return best|largest([3, 9, 4])|9|finds the largest number in a list/returns the maximum of a list/finds the biggest number in a list
smallest(numbers)|Return the smallest number.|best = numbers[0];for number in numbers:;    if number < best:;        best = number;return best|smallest([3, 9, 4])|3|finds the smallest number in a list/returns the minimum of a list
average(numbers)|Return the average of the numbers.|return sum(numbers) / len(numbers)|average([2, 4, 6])|4.0|calculates the average of a list/returns the mean of a list of numbers/finds the average of a list
count_words(text)|Count the words in the text.|words = text.split();return len(words)|count_words("the cat is here")|4|counts the words in a text/counts words/returns the number of words in a string
reverse(text)|Return the text backwards.|return text[::-1]|reverse("lamp")|pmal|reverses a string/reverses a text/turns a word around/returns a text backwards
is_palindrome(text)|Tell whether the text reads the same backwards.|return text == text[::-1]|is_palindrome("level")|True|checks if a word is a palindrome/tells whether a text is a palindrome/checks for palindromes
count_vowels(text)|Count the vowels in the text.|count = 0;for letter in text:;    if letter in "aeiou":;        count += 1;return count|count_vowels("banana")|3|counts the vowels in a text/counts vowels/returns the number of vowels in a word
factorial(number)|Multiply all numbers from 1 to the number.|result = 1;for factor in range(2, number + 1):;    result *= factor;return result|factorial(5)|120|calculates the factorial of a number/returns the factorial of n/computes a factorial
fibonacci(count)|Return the first Fibonacci numbers.|numbers = [0, 1];while len(numbers) < count:;    numbers.append(numbers[-1] + numbers[-2]);return numbers[:count]|fibonacci(7)|[0, 1, 1, 2, 3, 5, 8]|returns the Fibonacci numbers/lists the first Fibonacci numbers/computes the Fibonacci sequence
is_prime(number)|Tell whether the number is prime.|if number < 2:;    return False;for divisor in range(2, number):;    if number % divisor == 0:;        return False;return True|is_prime(7)|True|checks if a number is prime/tells whether a number is prime/tests for prime numbers
to_fahrenheit(celsius)|Convert Celsius to Fahrenheit.|return celsius * 9 / 5 + 32|to_fahrenheit(20)|68.0|converts Celsius to Fahrenheit/turns Celsius into Fahrenheit
to_celsius(fahrenheit)|Convert Fahrenheit to Celsius.|return (fahrenheit - 32) * 5 / 9|to_celsius(68)|20.0|converts Fahrenheit to Celsius/turns Fahrenheit into Celsius
rectangle_area(width, height)|Return the area of a rectangle.|return width * height|rectangle_area(3, 4)|12|calculates the area of a rectangle/returns the area of a rectangle
triangle_area(base, height)|Return the area of a triangle.|return base * height / 2|triangle_area(6, 4)|12.0|calculates the area of a triangle/returns the area of a triangle
circle_area(radius)|Return the area of a circle.|return 3.14 * radius ** 2|circle_area(10)|314.0|calculates the area of a circle/returns the area of a circle
box_volume(width, height, depth)|Return the volume of a box.|return width * height * depth|box_volume(2, 3, 4)|24|calculates the volume of a box/returns the volume of a box
square(number)|Return the square of the number.|return number * number|square(6)|36|squares a number/returns the square of a number
is_even(number)|Tell whether the number is even.|return number % 2 == 0|is_even(8)|True|checks if a number is even/tells whether a number is even
is_leap_year(year)|Tell whether the year is a leap year.|if year % 100 == 0:;    return year % 400 == 0;return year % 4 == 0|is_leap_year(2024)|True|checks if a year is a leap year/tells whether a year is a leap year
add(a, b)|Add two numbers.|return a + b|add(2, 3)|5|adds two numbers/returns the sum of two numbers
count_items(items)|Count how often each item occurs.|counts = {};for item in items:;    counts[item] = counts.get(item, 0) + 1;return counts|count_items(["a", "b", "a"])|{'a': 2, 'b': 1}|counts how often each item occurs in a list/counts the items of a list in a dictionary
running_total(numbers)|Return the sums so far.|total = 0;sums = [];for number in numbers:;    total += number;    sums.append(total);return sums|running_total([1, 2, 3])|[1, 3, 6]|returns the running total of a list/computes the running totals of a list
unique(items)|Keep each item once, in order.|seen = [];for item in items:;    if item not in seen:;        seen.append(item);return seen|unique([1, 2, 1, 3])|[1, 2, 3]|removes duplicates from a list/keeps each item of a list once
longest_word(text)|Return the longest word of the text.|words = text.split();return max(words, key=len)|longest_word("a small elephant")|elephant|finds the longest word in a text/returns the longest word of a sentence
word_lengths(words)|Return the length of each word.|return [len(word) for word in words]|word_lengths(["cat", "horse"])|[3, 5]|returns the length of each word in a list/measures the length of every word in a list
capitalize_words(text)|Start each word with a capital letter.|return text.title()|capitalize_words("the red lamp")|The Red Lamp|capitalizes every word in a text/starts each word with a capital letter
countdown(number)|Return the numbers down to 1.|return list(range(number, 0, -1))|countdown(4)|[4, 3, 2, 1]|counts down from a number/returns a countdown from a number to 1
gcd(a, b)|Return the greatest common divisor.|while b:;    a, b = b, a % b;return a|gcd(12, 18)|6|finds the greatest common divisor of two numbers/computes the gcd of two numbers
swap_keys(table)|Swap the keys and values of a dictionary.|return {value: key for key, value in table.items()}|swap_keys({"a": 1})|{1: 'a'}|swaps the keys and values of a dictionary/inverts a dictionary
last_item(items)|Return the last item.|return items[-1]|last_item([4, 5, 6])|6|returns the last item of a list/gets the last element of a list
"""


def _read_fixed(line: str) -> Snippet:
    head, doc, body, call, shows, does = line.split("|")
    return snippet(head.split("(")[0], head, doc, body.replace(";", "\n"), call, shows, tuple(does.split("/")))


FIXED = tuple(_read_fixed(line) for line in _FIXED_TEXT.strip().splitlines())


def _fixed(rng: random.Random) -> Snippet:
    return rng.choice(FIXED)


# the fixed programs are few: the grid, where constants have to be copied, gets more of the corpus
TASKS: tuple[Callable[[random.Random], Snippet], ...] = (
    *(code_grid.scalar_task,) * 2, *(code_grid.map_task,) * 2, *(code_grid.filter_task,) * 3, *(code_grid.sum_task,) * 2, *(code_grid.count_task,) * 2, *(code_grid.quantified_task,) * 2, *(_class,) * 2,
    *(_fixed,) * 6, _greet, _count_letter, _first_letters, _fizz, _clamp, _convert, _table, _repeat,
)  # fmt: skip
