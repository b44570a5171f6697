"""What the arithmetic domains are asked in visitors' words, and the final answer."""

# ruff: noqa: E501 - a prompt is one line

from __future__ import annotations

MATH = r"""
the bus has 24 passengers at the next stop 8 more get on then 5 get off how many passengers are on the bus now => 27
A bus carries 31 passengers. At the market 12 more passengers get on and then 20 passengers get off. How many are on the bus? => 23
bus with 15 passengers, 6 get off, 9 get on. how many now? => 18
How many passengers are on the bus now? It had 42, then 13 got off and 7 got on. => 36
there are 118 passengers on the train, 46 more passengers get on, how many passengers are on the train now => 164
Sunita has 24 apples. She buys 3 boxes with 6 apples each and gives 12 apples to Bartholomew. How many apples does Sunita have now? => 30
mia has 30 apples she buys 4 boxes with 5 apples each and gives 9 to tom how many apples does mia have now => 41
Oluwaseun has 18 marbels. He wins 7 more and loses 5. How many marbles does he have now? => 20
Gwendolyn has 345 stamps and gets 128 more. How many stamps does Gwendolyn have? => 473
gwen has 512 stickers she gives 147 to her brother how many stickers are left => 365
Zed saves 7 euros a week for 6 weeks. How much money does Zed have? => 42
leo saves 5 euros per week for 8 weeks and anna has 6 euros more than leo. how much money does anna have? => 46
How much money does Ximena have? Quentin saves 4 euros a week for 9 weeks, and Ximena has 10 euros more than Quentin. => 46
Prudence has 6 boxes with 8 pencils each. How many pencils does Prudence have? => 48
i have 3 boxes with 9 cookies each and i eat 4 cookies. how many cookies do i have left? => 23
Fitzgerald has 56 candies and shares them equally among 7 friends. How many candies does each friend get? => 8
63 cards are shared fairly between 9 children by Ottilie. how many cards for each child? => 7
Wanda bakes 36 muffins and packs them into bags of 4. How many bags does Wanda have? => 9
Thelonius has 20 euros. He spends half of the money on a game. How much money does he have left? => 10
Mabel has twice as many books as Rufus. Rufus has 17 books. How many books does Mabel have? => 34
Ignatius has 14 plums, Hortense has 9 more plums than Ignatius. How many plums do they have together? => 37
Dexter has 40 shells and loses 12 of them. Then he finds 5. How many shells does dexter have? => 33
plese help: Nell has 27 eggs she breaks 8 eggs and uses 6 eggs how many eggs are left => 13
Xavier buys 4 books for 9 euros each and pays with a 50 euro note. How much change does Xavier get? => 14
Phoebe sells 12 cakes for 3 euros each. How much money does Phoebe have? => 36
A library has 480 books. People take 165 books. How many books are left in the library? => 315
In a hall there are 8 rows with 12 chairs each. 15 chairs are taken away. How many chairs are in the hall? => 81
Moritz is 12 years old and Saskia is 5 years older. How old is Saskia? => 17
how old will Barnaby be in 9 years if he is 34 years old now? => 43
Ottokar rides a bike at 15 km per hour for 3 hours. How many km does he go? => 45
Lulu has 19 balloons, Momo has 8 fewer balloons than Lulu. How many balloons does Momo have? => 11
Bjarne collects 250 stones, then 75 more stones, and gives 100 stones to Freya. How many stones does Bjarne have now? => 225
if Clementine has 9 pears and gets 4 pears from Desmond and eats 2 pears, how many pears does she have? => 11
Wolfgang has 8 bags with 5 apples each. He sells each apple for 2 euros. How much money does he have? => 80
three friends split a bill of 27 euros. how much does each friend pay? => 9
Tabitha had 60 flowers. She sold half of them. Then she picked 14 more. How many flowers does Tabitha have? => 44
Ezekiel starts with 100 coins, wins 50 coins and loses 30 coins. How many coins in the end? => 120
hey, Juniper has 5 boxes of 10 crayons and Casper has 3 crayons more than Juniper. How many crayons does Casper have? thx => 53
Rosalind buys 7 tickets for 6 euros each. How much does Rosalind pay? => 42
Ferdinand has 84 nuts. He eats 15 nuts, then he gives 20 nuts to Wilhelmina. How many nuts does he have left? => 49
"""

EQUATIONS = r"""
solve 3x + 5 = 26 => 7
3x+5=20 => 5
what is x if 4x - 3 = 21? => 6
find x: 7x = 63 => 9
plz solve 2y + 9 = 31 => 11
x + 148 = 302, find x => 154
solve for n n - 77 = 15 => 92
5(y + 2) = 45 what is y => 7
Solve for z: 6(z + 1) = 54 => 8
whats x / 4 = 9 => 36
x/3 + 2 = 10 solve => 24
what's a in 12 + a = 50 => 38
9x + 4 = 5x + 24. find x => 5
100 - x = 64 => 36
what is 7 x 8 + 5 => 61
7*8+5 => 61
6 times 9 plus 4 => 58
what is 17 * 23? => 391
17 x 23 = => 391
34 * 6 => 204
how much is 245 + 387 => 632
compute 903 - 457 => 446
812-95 = ? => 717
999 + 1 => 1000
What is 144 / 12? => 12
divide 84 by 7 => 12
96/4 => 24
(4 + 6) * 7 => 70
4 + 6 * 7 => 46
50 - 3 * 8 => 26
3*4+5*6 => 42
12 + 15 + 28 => 55
whats 73 plus 48 => 121
200 minus 125 => 75
calulate 45 + 55 please => 100
8 * 125 => 1000
15 times 15 => 225
what does 64 / 8 + 9 make => 17
60 - 24 - 11 => 25
i need the result of 367 + 246 => 613
"""

LISTS = r"""
Sort pear, apple, fig, kiwi => apple, fig, kiwi, pear
sort these numbers: 9 3 7 => 3, 7, 9
sort 42 7 19 33 8 from small to big => 7, 8, 19, 33, 42
Sort these from smallest to largest: 512, 48, 305, 77 => 48, 77, 305, 512
put 15, 3, 99, 27, 64, 8, 41 in order => 3, 8, 15, 27, 41, 64, 99
sort in descending order 4, 8, 1, 9 => 9, 8, 4, 1
sort from largest to smallest: 20 35 11 50 2 => 50, 35, 20, 11, 2
order these numbers, biggest first: 310, 90, 455 => 455, 310, 90
Sort alphabetically: zebra, mango, cactus, violet, hammer => cactus, hammer, mango, violet, zebra
sort these words: tulip daisy rose => daisy, rose, tulip
Put these names in alphabetical order: Wendy, Carl, Ophelia, Bruno => bruno, carl, ophelia, wendy
alphabetical order please: london, cairo, tokyo, berlin, madrid, paris => berlin, cairo, london, madrid, paris, tokyo
sort 88, 12, 45, 67, 23, 91, 34, 56, 78 => 12, 23, 34, 45, 56, 67, 78, 88, 91
what is the biggest of 23, 87, 45? => 87
which number is the largest 301 299 310 => 310
max of 5, 18, 11, 2 => 18
smallest number in 62, 14, 39, 27, 50 => 14
whats the minimum of 9 4 6 => 4
add up 12, 7, 25 and 9 => 53
sum of 3, 5, 8, 13 => 29
add 14 20 6 => 40
total of 120, 35 and 45? => 200
What do 9, 9, 9, 9 add up to? => 36
how many even numbers are in 4, 9, 12, 7, 30 => 3
count the even numbers in 3 8 15 22 => 2
how many odd numbers: 5, 6, 7, 8, 9, 11 => 4
how many of 2, 4, 6, 8 are even? => 4
How many times does cat appear in cat, dog, cat, bird, cat? => 3
how often is blue in red, blue, green, blue => 2
count how often plip occurs: plip plop plip plip => 3
remove the duplicates from tea, milk, tea, juice, milk => tea, milk, juice
keep each item only once: oak, elm, oak, oak => oak, elm
reverse the list 1, 2, 3, 4 => 4, 3, 2, 1
write sun, moon, star backwards => star, moon, sun
what is the first item in lamp, desk, chair? => lamp
last item of 8, 3, 5, 6 => 6
what is item 3 of plum, grape, melon, lime => melon
how many items are in pen, cup, hat, bag, key? => 5
which words start with b: bear, cat, bat, dog => bear, bat
how long is the list 7, 7, 7, 2 => 4
"""

UNITS = r"""
how many minutes are 3 hours and 20 minutes => 200
how many mins is 2 hours => 120
3 hrs and 15 mins in minutes => 195
convert 5 h 40 min to minutes => 340
how many seconds are 4 minutes? => 240
what time is it 45 minutes after 3:20? => 4 05
its 6:50, what time is it in 25 minutes => 7 15
what time is it 2 hours after 9:15 => 11 15
20 minutes before 8:10? => 7 50
A film starts at 7:30 and lasts 2 hours. When does it end? => 9 30
the train leaves at 10:40 and takes 35 minutes. when does it arrive => 11 15
how many minutes from 4:10 to 4:50 => 40
Ottilie works from 8:45 to 9:20. How many minutes is that? => 35
convert 7 km to m => 7000
12 km in meters => 12000
how many meters is 9 kilometers => 9000
5000 m to km => 5
3 m in cm => 300
how many centimeters are 8 meters? => 800
400 cm to m => 4
how many grams are 6 kg => 6000
2 kilograms and 500 grams in grams => 2500
convert 9000 g to kg => 9
4 liters in ml => 4000
how many days are 3 weeks => 21
5 weeks in days => 35
how many hours are 2 days => 48
how many months is 4 years => 48
3 dozen eggs, how many pieces? => 36
7 euros in cents => 700
how many cents are 12 euros => 1200
300 cents in euros => 3
130 minutes in hours and minutes => 2 10
write 200 minutes as hours and minutes => 3 20
6 cm to mm => 60
What do 4 euros and 50 cents and 3 euros and 30 cents make together? => 7 80
Something costs 6 euros and 40 cents. I pay 10 euros. How much change do I get? => 3 60
convert 15 kilometres into metres pls => 15000
how many minutes are 6 hours => 360
2 km and 300 m in m => 2300
"""
