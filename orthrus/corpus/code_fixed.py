"""The programs of the `code` domain without constants to copy: nothing but the request's wording varies."""

# ruff: noqa: E501 - a program is one row of a table and stays on one line

from __future__ import annotations

from orthrus.corpus.code_grid import Snippet, snippet

# name(arguments) -> result | docstring | body | inputs of the example calls | wordings
_TEXT = """
sum_list(numbers: list[int]) -> int|Add up all the numbers.|result = 0;for number in numbers:;    result += number;return result|[1, 2, 3];[4, 5]|adds up a list of numbers/sums a list/returns the sum of a list/calculates the sum of a list of numbers
product(numbers: list[int]) -> int|Multiply all the numbers.|result = 1;for number in numbers:;    result *= number;return result|[1, 2, 3];[4, 5]|multiplies all numbers in a list/returns the product of a list
largest(numbers: list[int]) -> int|Return the largest number.|result = numbers[0];for number in numbers:;    if number > result:;        result = number;return result|[1, 2, 3];[4, 5]|finds the largest number in a list/returns the maximum of a list/finds the biggest number in a list
smallest(numbers: list[int]) -> int|Return the smallest number.|result = numbers[0];for number in numbers:;    if number < result:;        result = number;return result|[1, 2, 3];[4, 5]|finds the smallest number in a list/returns the minimum of a list
average(numbers: list[int]) -> float|Return the average of the numbers.|result = 0;for number in numbers:;    result += number;return result / len(numbers)|[1, 2, 3];[4, 5]|calculates the average of a list/returns the mean of a list of numbers/finds the average of a list
count_words(text: str) -> int|Count the words in the text.|count = 0;for word in text.split():;    count += 1;return count|"the cat is here";"the red lamp"|counts the words in a text/counts words/returns the number of words in a string
reverse(text: str) -> str|Return the text backwards.|result = "";for letter in text:;    result = letter + result;return result|"banana";"level"|reverses a string/reverses a text/turns a word around/returns a text backwards
is_palindrome(text: str) -> bool|Tell whether the text reads the same backwards.|result = "";for letter in text:;    result = letter + result;return result == text|"banana";"level"|checks if a word is a palindrome/tells whether a text is a palindrome/checks for palindromes
count_vowels(text: str) -> int|Count the vowels in the text.|count = 0;for letter in text:;    if letter in "aeiou":;        count += 1;return count|"banana";"keyboard"|counts the vowels in a text/counts vowels/returns the number of vowels in a word
factorial(number: int) -> int|Multiply all numbers from 1 to the number.|result = 1;for factor in range(2, number + 1):;    result *= factor;return result|3;5|calculates the factorial of a number/returns the factorial of n/computes a factorial
fibonacci(count: int) -> list[int]|Return the first Fibonacci numbers.|result = [0, 1];while len(result) < count:;    result.append(result[-1] + result[-2]);return result[:count]|3;5|returns the Fibonacci numbers/lists the first Fibonacci numbers/computes the Fibonacci sequence
is_prime(number: int) -> bool|Tell whether the number is prime.|if number < 2:;    return False;for divisor in range(2, number):;    if number % divisor == 0:;        return False;return True|7;8|checks if a number is prime/tells whether a number is prime/tests for prime numbers
to_fahrenheit(celsius: float) -> float|Convert Celsius to Fahrenheit.|fahrenheit = celsius * 9 / 5 + 32;return fahrenheit|0;20|converts Celsius to Fahrenheit/turns Celsius into Fahrenheit
to_celsius(fahrenheit: float) -> float|Convert Fahrenheit to Celsius.|celsius = (fahrenheit - 32) * 5 / 9;return celsius|32;68|converts Fahrenheit to Celsius/turns Fahrenheit into Celsius
rectangle_area(width: int, height: int) -> int|Return the area of a rectangle.|area = width * height;return area|2, 3;4, 5|calculates the area of a rectangle/returns the area of a rectangle
triangle_area(base: int, height: int) -> float|Return the area of a triangle.|area = base * height / 2;return area|2, 3;4, 5|calculates the area of a triangle/returns the area of a triangle
circle_area(radius: int) -> float|Return the area of a circle.|area = 3.14 * radius**2;return area|1;10|calculates the area of a circle/returns the area of a circle
box_volume(width: int, height: int, depth: int) -> int|Return the volume of a box.|volume = width * height * depth;return volume|1, 2, 3;2, 3, 4|calculates the volume of a box/returns the volume of a box
square(number: int) -> int|Return the square of the number.|result = number * number;return result|3;5|squares a number/returns the square of a number
is_even(number: int) -> bool|Tell whether the number is even.|if number % 2 == 0:;    return True;return False|7;8|checks if a number is even/tells whether a number is even
is_leap_year(year: int) -> bool|Tell whether the year is a leap year.|if year % 100 == 0:;    return year % 400 == 0;return year % 4 == 0|2023;2024|checks if a year is a leap year/tells whether a year is a leap year
add(a: int, b: int) -> int|Add two numbers.|result = a + b;return result|2, 3;4, 5|adds two numbers/returns the sum of two numbers
count_items(items: list[str]) -> dict[str, int]|Count how often each item occurs.|result = {};for item in items:;    result[item] = result.get(item, 0) + 1;return result|["a", "b"];["a", "a"]|counts how often each item occurs in a list/counts the items of a list in a dictionary
running_total(numbers: list[int]) -> list[int]|Return the sums so far.|total = 0;result = [];for number in numbers:;    total += number;    result.append(total);return result|[1, 2, 3];[4, 5]|returns the running total of a list/computes the running totals of a list
unique(items: list[str]) -> list[str]|Keep each item once, in order.|result = [];for item in items:;    if item not in result:;        result.append(item);return result|["a", "b"];["a", "a"]|removes duplicates from a list/keeps each item of a list once
longest_word(text: str) -> str|Return the longest word of the text.|result = "";for word in text.split():;    if len(word) > len(result):;        result = word;return result|"a small banana";"a red keyboard"|finds the longest word in a text/returns the longest word of a sentence
word_lengths(words: list[str]) -> list[int]|Return the length of each word.|result = [];for word in words:;    result.append(len(word));return result|["cat", "lamp"];["banana"]|returns the length of each word in a list/measures the length of every word in a list
capitalize_words(text: str) -> str|Start each word with a capital letter.|result = [];for word in text.split():;    result.append(word.capitalize());return " ".join(result)|"the cat is here";"the red lamp"|capitalizes every word in a text/starts each word with a capital letter
countdown(number: int) -> list[int]|Return the numbers down to 1.|result = [];while number > 0:;    result.append(number);    number -= 1;return result|3;5|counts down from a number/returns a countdown from a number to 1
gcd(a: int, b: int) -> int|Return the greatest common divisor.|while b > 0:;    a, b = b, a % b;return a|4, 6;12, 18|finds the greatest common divisor of two numbers/computes the gcd of two numbers
swap_keys(table: dict[str, int]) -> dict[int, str]|Swap the keys and values of a dictionary.|result = {};for key, value in table.items():;    result[value] = key;return result|{"a": 1};{"b": 2}|swaps the keys and values of a dictionary/inverts a dictionary
last_item(items: list[str]) -> str|Return the last item.|result = items[-1];return result|["a", "b"];["a", "a"]|returns the last item of a list/gets the last element of a list
"""


def _read(line: str) -> Snippet:
    head, doc, body, inputs, does = line.split("|")
    return snippet(head.split("(")[0], head, doc, body.replace(";", "\n"), inputs.split(";"), tuple(does.split("/")))


FIXED = tuple(_read(line) for line in _TEXT.strip().splitlines())
