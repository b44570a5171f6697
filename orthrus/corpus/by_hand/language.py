"""What the domains of fixed form are asked in visitors' words, and the text, values or fragments of the answer."""

# ruff: noqa: E501 - a prompt is one line

from __future__ import annotations

JSON = r"""
turn this into json: Mia is 12 years old, lives in Oslo and likes chess => Mia|12|Oslo|chess
make json: Ludmila is 45 years old, lives in Gdansk and likes knitting. => Ludmila|45|Gdansk|knitting
json please Thaddeus is 9 and lives in Boise => Thaddeus|9|Boise
Turn this into JSON: Xochitl is 31 years old and is from Puebla. She likes salsa. => Xochitl|31|Puebla|salsa
as json: Ravi is 27 years old, lives in Delhi and likes cricket and tea => Ravi|27|Delhi|cricket|tea
can you write this as json? Oskar is 60 years old, lives in Bremen and likes trains. => Oskar|60|Bremen|trains
Ben buys 3 pens, 2 lamps and 10 cups. He pays 48 euros. Write that as JSON. => Ben|3|pens|2|lamps|10|cups|48|euro
Write as JSON: Hildegard buys 5 melons and 7 lemons and pays 23 euros. => Hildegard|5|melons|7|lemons|23|euro
json for this order: Cornelius orders 4 hammers. He pays 120 dollars. => Cornelius|4|hammers|120|dollar
Turn this order into JSON: Mei buys 12 ropes, 3 buckets and 9 nails. She pays 314 dollars. => Mei|12|ropes|3|buckets|9|nails|314|dollar
Jamal has ordered 2 kites and pays 36 pounds. Give me that in JSON. => Jamal|2|kites|36|pound
give me the json for this: Ada travels from London to Paris, goes by train and stays for 5 days => Ada|London|Paris|train|5|days
JSON: Bogdan travels from Varna to Sofia by bus and stays for 3 days. => Bogdan|Varna|Sofia|bus|3|days
convert to json Imani goes from Lagos to Accra, travels by plane and is away for 2 weeks. => Imani|Lagos|Accra|plane|2|weeks
Turn this trip into JSON: Sigrid goes from Narvik to Kiruna. She travels by train and stays for 11 days. => Sigrid|Narvik|Kiruna|train|11|days
The lamp is red, costs 35 euros and is in stock 12 times. As JSON, please. => lamp|red|35|euro|12
to json: The teapot is green, costs 19 dollars and is in stock 250 times. => teapot|green|19|dollar|250
make a json object from this: The scooter comes in yellow, is sold for 480 euros and has a stock of 6 pieces. => scooter|yellow|480|euro|6
Rex is a brown dog, is 4 years old and belongs to Agatha. Write that as JSON. => Rex|brown|dog|4|years|Agatha
json: Whiskers is a white cat. It is 7 years old and lives with Dominik. => Whiskers|white|cat|7|years|Dominik
Turn this pet into JSON: Noodle is a black snake, is 2 years old and is owned by Fitz. => Noodle|black|snake|2|years|Fitz
Convert this sentence to JSON: Tampa is sunny, has a temperature of 31 degrees and has wind of 14 km/h. => Tampa|sunny|31|degrees|14
weather as json: Leipzig is rainy, has 9 degrees and gets wind at 40 km/h. => Leipzig|rainy|9|degrees|40
Express this in JSON: The concert is on Friday at 19:30, is held at the park and expects 85 guests. => concert|Friday|19:30|park|85
json pls: The workshop takes place on Tuesday at 10:00, is at the library and has 16 guests. => workshop|Tuesday|10:00|library|16
The football match was between Porto and Milan and ended 3 to 1. Turn this into JSON. => football|Porto|Milan|3|1
put this into json format: The hockey match was Riga against Boston, ended 5 to 4. => hockey|Riga|Boston|5|4
Anouk is 8 years old, Teun is 11 years old and Sanne is 6 years old. JSON please. => Anouk|8|Teun|11|Sanne|6
turn into json: Pavel has 34 points and Milena has 29 points => Pavel|34|Milena|29
The bottle costs 4 euros and the basket costs 17 euros. Make it a JSON object. => bottle|4|basket|17|euro
JSON with name Percival, age 52 and city Utrecht => Percival|52|Utrecht
make a json object with color teal, count 640 and price 15 => teal|640|15
The recipe for apple pie serves 6 people, takes 45 minutes and uses apples, flour and sugar. Turn this into JSON. => apple pie|6|45|apples|flour|sugar
json for: The recipe for curry is enough for 4 people, needs 30 minutes and contains rice and beans. => curry|4|30|rice|beans
The book "The Red Fox" is by Ana and was borrowed by Igor. It is on loan for 3 weeks. Write it as JSON. => The Red Fox|Ana|Igor|3|weeks
The kitchen reads 21 degrees, reports 45 percent humidity and has 80 percent battery. Convert this to JSON. => kitchen|21|45|80
Extract the facts as JSON: Octavia is 19 years old, lives in Perth and enjoys sailing. => Octavia|19|Perth|sailing
what is this as json: Lim had 7 points, Tan had 12 points, Wong had 3 points => Lim|7|Tan|12|Wong|3
Oslo had 45 visitors and Rome had 300 visitors. Now write it as JSON. => Oslo|45|Rome|300
represent as json. Basil is 3 years old and lives in Crete => Basil|3|Crete
"""

CODE = r"""
write a python function that counts the words in a text => def |split(
python function to count words in a string => def |split(
write me a function that counts words => def |split(
Write a Python function called keep_big that keeps the numbers greater than 25 in a list. => def keep_big(|number > 25|append(
python function keep_big keeps numbers above 40 => number > 40|append(
keep only the numbers greater than 7 in a list, in python => number > 7|append(
function that returns the numbers bigger than 300 from a list => number > 300|append(
write python code for a function that keeps the numbers less than 12 of a list => number < 12|append(
Write a Python function named tiny_ones that keeps the numbers below 5 in a list. => def tiny_ones(|number < 5|append(
write a python class Dog with the attributes name and age => class Dog|self.name = name|self.age = age
class Cat with name, color => class Cat|self.name = name|self.color = color
make a python class Book with title and price => class Book|self.title = title|self.price = price
Write a class called Rocket that has name and speed. => class Rocket|self.name = name|self.speed = speed
Python class Teacher with the attributes name, age and city => class Teacher|self.name = name|self.age = age|self.city = city
write a function that adds 15 to a number => def |number + 15
python function that multiplies a number by 9 => number * 9
write a function that doubles? no: one that multiplies each number in a list by 3 => number * 3|append(
Function that adds 50 to every number of a list in Python => number + 50|append(
add up the even numbers in a list, python function please => number % 2 == 0|+= number
write a python function that sums the odd numbers in a list => number % 2|+= number
count how many numbers in a list are even python => number % 2 == 0|count += 1
python function counting the numbers greater than 18 in a list => number > 18|count += 1
check if all numbers in a list are greater than 10 in python => number <= 10|return False|return True
write python function which checks if a number is prime => % divisor == 0|return False|return True
python prime check function => % divisor == 0|return False|return True
reverse a string python function => def |letter + result
write a function that reverses a text => def |letter + result
pyhton function that checks if a word is a palindrome => def |== text
factorial function in python => def |*= factor
Write a Python function for the factorial of a number. => def |*= factor
give me a fibonacci function in python => def |[-1] + result[-2]
function that finds the largest number in a list => number > result|return result
python func for the smallest number of a list => number < result|return result
write a python function that calculates the average of a list => / len(numbers)
sum of a list python function => += number|return
convert celsius to fahrenheit in python => * 9 / 5 + 32
python function that converts hours to minutes => hours * 60
write a function that removes duplicates from a list => not in result|append(
Write a Python function that says Hello to a name. => Hello, {name}
a function in python that counts the vowels in a text pls => 'aeiou'|count += 1
"""

COPY = r"""
repeat this text exactly: The small robot found the golden key. => The small robot found the golden key.
repeat exactly: My neighbour sells purple umbrellas. => My neighbour sells purple umbrellas.
copy this: Gustavo forgot his sandwich on the train. => Gustavo forgot his sandwich on the train.
Repeat after me: we meet at noon near the fountain => we meet at noon near the fountain
please repeat this: hello world this is a test => hello world this is a test
Copy exactly: zorp blint mavook => zorp blint mavook
echo this back to me: I will never eat seventeen pancakes again! => I will never eat seventeen pancakes again!
say exactly this: the password is K9-ZX4 => the password is K9-ZX4
Repeat this line: Wilhelmina, bring 250 grams of flour. => Wilhelmina, bring 250 grams of flour.
write exactly this: 4 8 15 16 23 42 => 4 8 15 16 23 42
Repeat "Good evening, Captain" exactly. => Good evening, Captain
repeat this word for word: Nobody knows why the elevator stopped. => Nobody knows why the elevator stopped.
repeat this line 3 times: The moon is late. => The moon is late.\nThe moon is late.\nThe moon is late.
Repeat this line 2 times: Bertram likes soup. => Bertram likes soup.\nBertram likes soup.
write hello 4 times => hello hello hello hello
say banana 3 times => banana banana banana
repeat the word goblin 5 times => goblin goblin goblin goblin goblin
Write the word flamingo 6 times. => flamingo flamingo flamingo flamingo flamingo flamingo
say thank you 3 times => thank you, thank you, thank you
write good morning 2 times one per line => good morning\ngood morning
Write the word pickle 3 times, each on its own line. => pickle\npickle\npickle
write the word sock 5 times numbered => 1. sock\n2. sock\n3. sock\n4. sock\n5. sock
Write "blue whale" 8 times and number the lines. => 1. blue whale\n2. blue whale\n3. blue whale\n4. blue whale\n5. blue whale\n6. blue whale\n7. blue whale\n8. blue whale
count from 12 to 40 => 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40.
count from 1 to 20 => 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20.
Count to ten. => 1, 2, 3, 4, 5, 6, 7, 8, 9, 10.
count from 95 to 110 please => 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110.
count from 7 to 19 => 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19.
can you count from 30 to 50? => 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50.
count down from 15 to 1 => 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1.
count from 10 to 100 in steps of 10 => 10, 20, 30, 40, 50, 60, 70, 80, 90, 100.
count by 5 from 5 to 60 => 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60.
list the even numbers from 2 to 24 => 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24.
say the days of the week => Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday.
name the planets => Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, Neptune.
say the alphabet => A B C D E F G H I J K L M N O P Q R S T U V W X Y Z.
list the seasons => spring, summer, autumn, winter.
Copy this text:\nDear Hank,\nthe goat is back. => Dear Hank,\nthe goat is back.
Repeat this exactly: x = 3 * (y + 7) => x = 3 * (y + 7)
copy: Eleven lizards and 1 tired violinist => Eleven lizards and 1 tired violinist
"""

EDIT = r"""
replace mia by tom in this text: mia painted the old boat on sunday. mia liked the quiet lake. => tom painted the old boat on sunday. tom liked the quiet lake.
Replace Greta with Ulrich: Greta waits for the bus. => Ulrich waits for the bus.
change cat to hamster in: The cat sat on the mat. => The hamster sat on the mat.
Change every "blue" to "orange": The blue car hit the blue gate. => The orange car hit the orange gate.
swap coffee for cocoa: I drink coffee every morning. => I drink cocoa every morning.
Write "Friday" instead of "Monday": The meeting is on Monday. => The meeting is on Friday.
replace dog with wolf in the following text: A dog barked and the dog ran. => A wolf barked and the wolf ran.
Replace every Pim with Bo:\nPim sings.\nPim sleeps.\nPim dreams. => Bo sings.\nBo sleeps.\nBo dreams.
replace 7 by 9: I have 7 brothers. => I have 9 brothers.
change the name Hubert to Sally: Hubert bought a violin. => Sally bought a violin.
number these lines:\nbuy milk\nfix the roof\ncall Edwina => 1. buy milk\n2. fix the roof\n3. call Edwina
Number the lines:\nsoap\nrope\nfish\nyarn\nglue => 1. soap\n2. rope\n3. fish\n4. yarn\n5. glue
add line numbers\nwake up\nget dressed\nleave => 1. wake up\n2. get dressed\n3. leave
make this a numbered list:\nOslo\nLima\nRabat => 1. Oslo\n2. Lima\n3. Rabat
make this a bullet list:\nred apples\ngreen tea\nwarm bread => - red apples\n- green tea\n- warm bread
bullet list please:\nhammer\nnails\nwood glue => - hammer\n- nails\n- wood glue
put a dash before each line:\nsing\ndance\nlaugh\ncry => - sing\n- dance\n- laugh\n- cry
turn these lines into bullets:\nZelda\nMarvin => - Zelda\n- Marvin
write in upper case: the fox is late => THE FOX IS LATE
make uppercase: hello neighbour => HELLO NEIGHBOUR
put everything in capitals: stop right there => STOP RIGHT THERE
Change this text to upper case: Dinner is ready. => DINNER IS READY.
convert to lowercase: PLEASE WAIT OUTSIDE => please wait outside
make this lower case: The Big Red Barn => the big red barn
write in small letters: NO PARKING => no parking
remove the word old in: The old mill burned. => The mill burned.
delete the word very: It was a very cold night. => It was a cold night.
leave out the word tiny in this sentence: A tiny spider climbed the wall. => A spider climbed the wall.
Remove "quiet": We live in a quiet street. => We live in a street.
fix the doubled words: The the train is late late. => The train is late.
remove repeated words: I saw saw a bear in the the woods. => I saw a bear in the woods.
Swap the words tea and milk: The tea is hot and the milk is cold. => The milk is hot and the tea is cold.
swap lion and mouse: The lion saw the mouse. => The mouse saw the lion.
change he to she: He lost his keys and he was sad. => She lost her keys and she was sad.
Rewrite this with he instead of she: She sold her guitar. => He sold his guitar.
sort these lines:\nplum\napple\nlime => apple\nlime\nplum
Sort the lines alphabetically:\nviolin\ndrum\nflute\nharp => drum\nflute\nharp\nviolin
reverse the order of these lines:\none\ntwo\nthree => three\ntwo\none
write these lines from last to first:\nred\namber\ngreen => green\namber\nred
Replace Anton by Marisol in this text: Anton phoned 12 people. Nobody believed Anton. => Marisol phoned 12 people. Nobody believed Marisol.
"""
