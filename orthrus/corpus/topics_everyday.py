"""Everyday topics of the `explain` domain, in the format of `topics.read_topics`."""

# ruff: noqa: E501 - an answer is one paragraph and stays on one line

from __future__ import annotations

from orthrus.corpus.topics import read_topics

EVERYDAY = read_topics("""
blue_sky | the blue sky; the color of the sky | blue; scatter
Why is the sky blue?; Why does the sky look blue?; What makes the sky blue?
Sunlight is a mix of all colors. On its way through the air it meets tiny molecules, and they scatter blue light far more than red light. So blue light reaches our eyes from every part of the sky. In the evening the way is longer, most blue is gone, and the sky turns red.

volcano | a volcano; volcanoes | magma; lava
How does a volcano work?; Why do volcanoes erupt?; Where does lava come from?
A volcano is an opening in the ground through which melted rock comes up. Deep below it is called magma. Gas in the magma builds up pressure until it breaks through. Outside, the melted rock is called lava. It cools, turns hard and slowly builds a mountain.

honey | honey | bees; nectar
How does a bee make honey?; How do bees make honey?; Where does honey come from?
Bees suck sweet nectar from flowers and carry it home in a special stomach. In the hive they pass it from bee to bee, which changes its sugar. Then they fill it into wax cells and fan it with their wings until most water is gone. What is left is honey.

prime | a prime number; prime numbers | divided; itself
Is 7 a prime number?; How do I know that a number is prime?; What makes a number prime?
A prime number is a whole number above 1 that can be divided evenly only by 1 and by itself. The first ones are 2, 3, 5, 7, 11 and 13. The number 9 is not prime, because 3 times 3 is 9. There is no largest prime number.

rain | rain | water; cloud
Why does it rain?; How does rain form?; Where does rain come from?
The sun warms seas and lakes, and some water rises as vapor. High up the air is cold, so the vapor turns into tiny drops, and many drops make a cloud. When the drops join and become too heavy to float, they fall down. That is rain.

rainbow | a rainbow; rainbows | light; drop
How does a rainbow form?; Why does a rainbow have colors?; When can I see a rainbow?
A rainbow appears when the sun shines on rain. Light enters each drop, is bent, bounces off the back and comes out again. Each color is bent a little differently, so white light is spread into red, orange, yellow, green, blue and violet. You see it with the sun behind you.

seasons | the seasons | tilted; sun
Why do we have seasons?; Why is it cold in winter?; What causes the seasons?
The axis of the Earth is tilted. For half of the year the north leans toward the sun, so days are long and light falls steeply: it is summer there. Half a year later the north leans away and has winter. The distance to the sun is not the reason.

moon_phases | the phases of the moon; the moon phases | sun; half
Why does the moon change its shape?; Why is there a full moon?; Why is the moon sometimes half?
The sun always lights one half of the moon. While the moon travels around the Earth, we see that bright half from different sides. At full moon we see all of it, at new moon none. One round of phases takes about 29 and a half days.

tides | the tides; high tide | moon; water
Why are there tides?; What causes the tides?; Why does the sea rise and fall?
Tides are the slow rise and fall of the sea. The gravity of the moon pulls the water on the near side more strongly and on the far side less, so the water bulges on both sides. The Earth turns under these bulges, and most coasts get two high tides a day.

gravity | gravity | pull; mass
Why do things fall down?; How does gravity work?; Why do we not float away?
Gravity is the pull between all things that have mass. The Earth is huge, so it pulls us and everything around us toward its center. That is why things fall down. Gravity also keeps the moon on its path around the Earth and the Earth on its path around the sun.

day_night | day and night | turn; sun
Why is there day and night?; Why does it get dark at night?; Why does the sun rise?
The Earth turns around itself like a top, once in 24 hours. The side that faces the sun has day, the other side has night. The sun seems to rise in the east because we turn toward the east. So it is we who move.

photosynthesis | photosynthesis | light; sugar; oxygen
How do plants eat?; How does a plant make food?; Why do plants need light?
Photosynthesis is how plants make their food. Green leaves catch light. With its energy they turn water from the roots and carbon dioxide from the air into sugar. Oxygen is left over and goes into the air. Animals and people breathe it.

autumn_leaves | autumn leaves; the colors of autumn | green; yellow
Why do leaves change color?; Why do leaves fall in autumn?; Why do leaves turn yellow?
Leaves are green because of a dye that catches light. In autumn the tree takes this dye apart and keeps its useful parts. Then yellow and orange, which were there all the time, can be seen. At last the tree drops its leaves to save water in winter.

magnet | a magnet; magnets | iron; poles
How does a magnet work?; Why do magnets stick?; What does a magnet attract?
A magnet attracts iron and a few other metals. Every magnet has two poles, north and south. Unlike poles attract each other, like poles push each other away. Inside, countless tiny magnets all point the same way, and so their forces add up.

electricity | electricity; electric current | electrons; wire
How does electricity work?; What flows in a wire?; How does a lamp get its power?
Electric current is a stream of tiny particles called electrons. A battery or a power plant pushes them through a wire, as a pump pushes water through a pipe. On their way they can light a lamp or turn a motor. The way must be a closed circle.

lightning | lightning; thunder; a thunderstorm | charge; air
What causes lightning?; Why is there thunder?; Why does thunder come after lightning?
In a storm cloud ice and water rub against each other, and electric charge builds up. Lightning is a giant spark that evens it out. It heats the air so fast that the air bursts outward, and this is thunder. Light is faster than sound, so we see it first.

sound | sound | vibrat; air
How does sound travel?; What makes a sound?; How do we hear?
Sound is made when something vibrates, like a string or a bell. It pushes the air around it, and the push travels on as a wave. In the ear the wave moves a thin skin, and nerves tell the brain. Without air or another material there is no sound.

echo | an echo | sound; wall
Why is there an echo?; How does an echo work?; Where can I hear an echo?
An echo is a sound that comes back. The sound hits something large and hard, like a wall or a cliff, and bounces off it. Sound travels about 340 meters in one second, so a wall far away answers later. If it is very near, we cannot tell the two sounds apart.

ice | ice; floating ice | water; lighter
Why does ice float?; When does water freeze?; Why does ice swim on water?
Water freezes at 0 degrees Celsius and becomes ice. When it freezes, its particles form a loose pattern that needs more room. So ice is lighter than the same amount of water, and it floats. That is why a lake freezes from the top and fish survive below.

boiling | boiling water; steam | 100; bubbles
Why does water boil?; What happens when water boils?; When does water boil?
At sea level water boils at 100 degrees Celsius. Then it turns into vapor not only at the top but everywhere, and the vapor rises in bubbles. On a high mountain the air presses less, so water boils at a lower temperature and cooking takes longer.

salt_sea | the salty sea | salt; rivers
Why is the sea salty?; Where does the salt in the sea come from?; Why are lakes not salty?
Rain washes small amounts of salt out of rocks, and rivers carry it to the sea. There the water evaporates, but the salt stays behind. Over millions of years much salt has gathered. Most lakes have an outlet, so their salt flows away.

airplane | an airplane; a plane | wings; air
How does an airplane fly?; Why do planes not fall down?; What keeps a plane in the air?
The engines push an airplane forward, so that air streams past its wings. The wings are shaped and tilted so that they turn this stream downward. In return the air pushes the wings up. When this lift is as strong as the weight, the plane stays up.

ship_floats | a floating ship | water; push
Why does a ship float?; Why do heavy ships not sink?; How can iron ships swim?
A ship pushes water aside, and the water pushes back. The push is as strong as the weight of the water that was moved. A ship is hollow and full of air, so it moves a lot of water for its weight. A solid piece of iron moves too little and sinks.

heart | the heart | blood; pump
What does the heart do?; How does the heart work?; Why does the heart beat?
The heart is a muscle that pumps blood through the body. One side sends blood to the lungs, where it takes up oxygen. The other side sends it to all other parts. A grown person's heart beats about 60 to 100 times a minute at rest.

sleep | sleep | body; brain
Why do we sleep?; What happens when we sleep?; Why is sleep important?
Sleep is a time of rest in which the brain stays busy. It sorts what happened during the day and keeps what matters. The body repairs itself, and children grow. After too little sleep it is hard to think and to learn.

bread | bread; yeast | yeast; gas
Why does bread rise?; How is bread made?; What does yeast do?
Bread is made from flour, water, salt and yeast. Yeast is a tiny living thing that eats sugar from the flour and gives off gas. The gas makes bubbles in the dough, so the dough rises. In the hot oven the bubbles grow and the dough becomes firm.

compass | a compass | north; needle
How does a compass work?; Why does a compass point north?; What is a compass for?
A compass shows where north is. Its needle is a small magnet that can turn freely. The Earth itself is like a huge magnet, so the needle lines up with it and one end points north. Sailors have used it for many hundreds of years.

earthquake | an earthquake; earthquakes | plates; ground
Why are there earthquakes?; What causes an earthquake?; Why does the ground shake?
The outer shell of the Earth is broken into large plates that move a few centimeters a year. Where they meet they can get stuck, and tension builds up. When it is suddenly released, waves run through the ground and it shakes. That is an earthquake.

dinosaurs | dinosaurs | million; asteroid
Why did the dinosaurs die out?; When did dinosaurs live?; What happened to the dinosaurs?
Dinosaurs lived on Earth for more than 160 million years. About 66 million years ago a large asteroid hit the planet. Dust darkened the sky, plants died, and most animals found too little food. Only one group of dinosaurs is left: the birds.

fraction | a fraction; fractions | part; whole
How do fractions work?; What does one half mean?; What is the lower number of a fraction?
A fraction is a part of a whole. The lower number says into how many equal parts the whole is cut, the upper number says how many of them we take. So 3/4 of a cake means: cut it into four equal parts and take three.

percent | percent; a percentage | hundred; 100
What does percent mean?; How do percentages work?; What is ten percent of something?
Percent means out of a hundred. If 20 percent of the children have a cat, that is 20 out of every 100. To find 20 percent of a number, divide it by 100 and multiply by 20. So 20 percent of 50 is 10.

average_num | an average; the mean; the average | add; divide
How do I find the average?; What does average mean?; How is the mean computed?
The average is what each would have if everything were shared equally. Add up all the numbers, then divide the sum by how many numbers there are. The average of 2, 4 and 9 is 5, because the sum is 15 and there are 3 numbers.

pi | pi; the number pi | circle; 3.14
What does pi mean?; What is pi used for?; How large is pi?
Pi tells how many times the width of a circle fits around it. It is the same for every circle: a little more than 3, about 3.14. Its digits never end and never repeat in a pattern. With pi one can compute the area of a circle.

computer | a computer; computers | instructions; numbers
How does a computer work?; What does a computer do?; How does a computer think?
A computer is a machine that follows instructions very fast. Everything inside it is stored as numbers, made of zeros and ones. A program is a list of simple steps, such as add, compare or copy. Billions of them in one second make pictures, music and games.

algorithm | an algorithm; algorithms | steps; recipe
What does algorithm mean?; What is an example of an algorithm?; Why do we need algorithms?
An algorithm is a list of clear steps that solves a problem. A recipe is a good picture of it: whoever follows the steps in order gets the cake. Each step must be so clear that a machine can do it. Sorting a list of names is a well-known example.

internet | the internet | computers; packets
How does the internet work?; What happens when I open a web page?; Who built the internet?
The internet connects computers all over the world. A message is cut into small packets, each with an address. Machines called routers pass the packets on until they arrive, and there they are put together again. So a web page reaches you in a blink.

language_model | a language model; language models | next; text
How does a language model work?; How does a chatbot write?; What does a language model learn?
A language model is a program that predicts how a text goes on. It has seen many texts and learned which token is likely to come next. To write, it picks a token, adds it to the text and predicts again. It has no feelings, and it can be wrong.

neural_network | a neural network; neural networks | numbers; layers
How does a neural network learn?; What is in a neural network?; What does a neural network do?
A neural network is a program made of many simple units in layers. Each unit adds up numbers from the layer below, with weights. At first the weights are random. In training they are changed a little after each mistake, until the answers become good.

bicycle | a bicycle; riding a bicycle | wheel; balance
Why does a bicycle not fall over?; How do you stay on a bicycle?; Why is it easy to balance a moving bike?
A rolling bicycle is easy to balance. When it leans to one side, the rider steers a little to that side, and the wheels move back under the weight. This works only while it rolls. Standing still, there is no way to steer back, so it falls.

friction | friction | rub; slow
What does friction do?; Why do things stop moving?; Why is ice slippery?
Friction is the force between things that rub against each other. It slows down what moves and makes it warm. Rough surfaces have more friction, smooth and wet ones less, so we slip on ice. Without friction we could not walk, and no car could brake.

solar_system | the solar system; the planets | sun; eight
How many planets are there?; Which planet is the largest?; What is in the solar system?
The solar system is the sun and everything that moves around it. There are eight planets: Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus and Neptune. Jupiter is the largest. Light from the sun needs about eight minutes to reach the Earth.

stars | a star; stars | gas; light
Why do stars shine?; Why do stars twinkle?; Is the sun a star?
A star is a huge ball of hot gas. In its core hydrogen turns into helium, and this sets free the energy that makes it shine. The sun is a star too, just very near. Stars seem to twinkle because our air moves and bends their light.

butterfly | a butterfly; butterflies | caterpillar; egg
How does a caterpillar become a butterfly?; Where do butterflies come from?; What does a caterpillar become?
A butterfly starts as an egg. Out of it comes a caterpillar, which eats leaves and grows. Then it wraps itself in a firm case and is called a pupa. Inside, its body is rebuilt, and after some time a butterfly with wings comes out.

democracy | a democracy; democracy | people; vote
How does democracy work?; What does democracy mean?; Why do people vote?
Democracy means rule by the people. Grown-up citizens vote for the persons who make the laws, and after some years they vote again. Everyone's vote counts the same. The law stands above those in power, and everyone may say what they think.
""")
