"""The word tables and sentence patterns of the stories.

Pattern language: `[a|b|c]` is a choice (nested at will), `{hero}` a slot of the story, `<adj>` a word of a table.
Capitals at the start of a sentence are set afterwards.
"""

# ruff: noqa: E501 - a pattern is one sentence and stays on one line

from __future__ import annotations

from orthrus.corpus.material import variants, words

HEROES = words(
    "dragon fox robot wizard cat mouse king queen pirate baker farmer knight bear rabbit owl turtle ghost giant "
    "princess prince fisherman astronaut clown teacher painter frog snail penguin witch elf dwarf troll goblin unicorn "
    "hedgehog badger squirrel wolf lion tiger elephant monkey donkey goat sheep cow duck goose chicken parrot crow "
    "lizard snake spider ant bee beetle girl boy sailor miner tailor cook gardener shepherd postman clockmaker doctor "
    "nurse singer dancer juggler inventor librarian thief hunter carpenter blacksmith detective pilot monster puppy "
    "kitten camel otter beaver raccoon kangaroo crocodile panda snowman scarecrow fairy mermaid pony dog horse"
)
OBJECTS = words(
    "lamp key drum map clock mirror ring crown coin book letter kite umbrella bell flute violin candle bottle box hat "
    "coat boot shoe spoon kettle teapot cup basket feather shell stone egg seed apple pumpkin cake pie cookie ladder "
    "rope bucket broom hammer compass telescope lantern button needle scarf blanket pillow doll balloon wheel boat "
    "bicycle puzzle pencil brush painting photograph mask whistle trumpet guitar radio "
    "camera magnet diamond pearl necklace sword shield treasure star cloud rainbow snowball leaf flower rose"
)
PLACES = variants(
    "in the forest|in the desert|on a mountain|by the sea|in a cave|in a small village|in the city|on an island|"
    "in a castle|in the garden|on the moon|in a lighthouse|by the river|in a tower|in the library|in the kitchen|"
    "at the market|on a farm|in the swamp|in the valley|on a ship|in an old mill|at the harbour|under a bridge|"
    "in the snow|at school|at the railway station|in a museum|on a hill|in the attic|in a palace|at the lake"
)
MOODS = ("happy", "funny", "sad", "scary", "gentle", "strange", "exciting", "quiet", "cosy", "brave", "magic", "silly")


WORDS = {
    "adj": variants(
        "crooked|shiny|heavy|dusty|plain|curious|warm|cold|friendly|faded|round|noisy|blue|green|soft|"
        "forgotten|precious|striped|bright|silent|strange|perfect|lopsided"
    ),
    "adv": variants(
        "slowly|quietly|at once|gladly|softly|nervously|politely|loudly|gently|crossly|kindly|at last|sleepily"
    ),
    "saw": variants("noticed|found|spotted|discovered|uncovered|saw"),
    "said": variants("said|whispered|cried|sang|laughed|sighed|muttered|answered|called|mumbled|declared|grumbled"),
    "time": variants(
        "one morning|one evening|last winter|one Tuesday|at midnight|before breakfast|one summer|long ago|"
        "during the harvest|just after dawn|one cold night|at noon|one spring|late in autumn"
    ),
    "later": variants(
        "after a while|soon|that night|the next day|three days later|before long|an hour later|at last|by sunset|"
        "a week later|at dawn|when the moon rose|towards evening"
    ),
    "sound": variants("hum|ring|crack|knock|sneeze|whistle|growl|sigh|splash|rumble|giggle|click|snore|cough"),
    "doing": variants(
        "humming a tune|watching the {weather}|thinking about {food}|counting to a thousand|mending a sock|"
        "waiting for a letter|sweeping the floor|talking to the {weather}|doing nothing at all|stirring some {food}|"
        "yawning|drawing circles in the dust|practising a bow|trying to whistle|looking for trouble"
    ),
    "quirk": variants(
        "was afraid of the dark|never finished anything|collected small sounds|wanted to see the world|"
        "slept all day|made {food} for everyone|had never met a stranger|lost every game|could not keep a secret|"
        "always told the truth|sneezed at {food}|knew only one song|gave every stone a name|was late for everything|"
        "hated the {weather}|laughed in the wrong places"
    ),
    "method": variants(
        "kind words|a spoonful of {food}|a very long stick|singing|asking nicely|waiting|a little push|a loud shout|"
        "tickling|a bedtime story|pretending not to care|a knot"
    ),
}
# chosen once for a story, so that its friend, its food and its weather stay the same
CAST = {
    "friend": variants(
        "crow|mole|old sailor|neighbour|spider|hedgehog|ferryman|tortoise|moth|shepherd|cricket|traveller|bat|"
        "pigeon|toad|stork|beaver|tailor|mouse|gull|piper|lizard|clockmaker|ant|heron|chimney sweep"
    ),
    "scene": variants(
        "old wall|well|garden gate|stone bench|stairs|fence|big rock|wooden bridge|doorway|old cart|lamp post|"
        "round table|tall ladder|woodpile|haystack|broken chair|iron stove|chimney|signpost|rain barrel"
    ),
    "weather": variants("rain|fog|snow|wind|storm|mist|frost|moonlight|thunder|morning sun"),
    "food": variants(
        "soup|bread|honey|porridge|cheese|plum jam|tea|carrot stew|gingerbread|popcorn|mint syrup|apple pie"
    ),
    "trait": variants(
        "curious|stubborn|shy|brave|lazy|clever|polite|hungry|lonely|cheerful|careful|proud|forgetful|impatient|"
        "generous|dreamy|nervous|honest|grumpy|sleepy"
    ),
}
FEELINGS = {
    "bright": variants("happy|calm|warm inside|glad|rich|at home|loved|content"),
    "funny": variants("silly|ridiculous|dizzy|clever for once|a little embarrassed|ticklish|delighted"),
    "dark": variants("cold|uneasy|alone|watched|sad but free|older|strangely quiet"),
    "bold": variants("brave|taller|ready for anything|wide awake|like a hero|proud|fearless"),
}
GROUPS = {"happy": "bright", "cosy": "bright", "gentle": "bright", "quiet": "bright", "funny": "funny", "silly": "funny",
          "sad": "dark", "scary": "dark", "strange": "dark", "exciting": "bold", "brave": "bold", "magic": "bold"}  # fmt: skip

OPEN = (
    "<time>, {a_trait_hero} [sat|waited|stood|rested|worked|lay awake] {place}, <doing>",
    "[once|long ago|years ago|once upon a time|not so long ago] there [lived|was] {place} {a_trait_hero_who} <quirk>",
    "{place}, where the {weather} [never stopped|came every night|had the last word|smelled of {food}], lived {a_trait_hero}",
    "nobody {place} [was|had ever been] as {trait} as {a_hero_who} <quirk>",
    "{a_trait_hero} had lived {place} [for a hundred years|since spring|too long|for nine winters], with only [the {weather}|a pot of {food}|a loud clock|one good chair|the echo] for company",
    "it was [a slow|a grey|an odd|a golden|the coldest|a sleepy] day {place}, and {a_trait_hero} was <doing>",
    "the {weather} had [just|hardly|almost] [stopped|begun] when {a_trait_hero} {place} [woke up|looked up|heard a <sound>|ran out of {food}|began to sing]",
    "[every morning|every evening|on Sundays|each night], {a_trait_hero} sat {place}, <doing>, and [nobody asked why|nothing ever changed|that was enough|only the {weather} listened]",
)
FIND = (
    "then, [under|behind|beside|on top of|close to] the {scene}, {he} <saw> {an_object}",
    "<later>, {he} [tripped over|stepped on|sat down on|bumped into] something <adj>: it was {an_object}",
    "something [shone|moved|rattled|was stuck|lay hidden] [under|behind|near] the {scene}, and {he} [pulled|dug|shook|fished] it out: {an_object}",
    "the {weather} had [left|carried|brought|hidden] {an_object} [beside|behind|right in front of] the {scene}",
    "[while looking for {food}|on the way home|following a <sound>|chasing a leaf|quite by accident], {he} <saw> {an_object} [by|under|behind] the {scene}",
    "a <sound> [led|called|drew] {him} to the {scene}, where {an_object} [lay|waited|glowed|stood], <adj> and <adj>",
)
LOSE = (
    "{he} owned {an_object}, <adj> and <adj>, but <later> it [was gone|had vanished|could not be found|was not in its place]",
    "{his} [uncle|teacher|grandmother|best friend] had given {him} {an_object}, and now it was [lost|gone|missing|nowhere]",
    "<later>, {he} [reached|looked|felt|called] for {his} {adj_object}, but [it was not there|found only {food}|heard only a <sound>|nothing answered]",
    "[one careless step|one big sneeze|a gust of wind|a hole in the pocket] was enough, and {his} {adj_object} was [gone|lost] [near|behind|under] the {scene}",
)
WISH = (
    "more than [anything|{food}|sleep|gold], {he} wanted {an_object}",
    "{he} [dreamed|sang|spoke|thought] of {an_object} [day and night|even while eating {food}|until everyone laughed|and nothing else]",
    "everyone else had {an_object}, and {he} [pretended not to care|had only {food}|counted the days|could not stop staring]",
    "what {he} needed was {an_object}, [to scare off the {weather}|to win a bet|to feel brave|to surprise {his} mother|or so {he} thought]",
)
MEET = (
    "just then {a_friend} [came by|climbed over the {scene}|looked round the corner|fell from the roof|stopped to listen], [carrying {food}|out of breath|humming|lost as well|dressed in red]",
    '"[what is the matter|why so quiet|may I help|who goes there|is there any {food} left]?" asked {a_friend} from [behind|under|on top of] the {scene}',
    "{a_friend} [had seen everything|heard about it|noticed too] and [offered to help|laughed <adv>|came closer|wanted to know more]",
    "so {he} [asked|called|visited|woke] {a_friend}, who [knew about such things|was never wrong|owed {him} a favour|had seen stranger things]",
    "only {a_friend} [stayed|listened|understood|came], [because of the {weather}|with a basket of {food}|as friends do|for no clear reason]",
)
FRIEND_FINDS = (
    '"[that is no ordinary {object}|it is older than the moon|my aunt had one just like it|be kind to it|I would leave it alone|it only works in the {weather}|try it with {food}|every {object} has a secret|it belongs to nobody]", <said> the {friend} <adv>',
    'the {friend} [sniffed at|listened to|knocked on|bowed to|walked round] the {object} and <said> <adv>: "[it is asleep|it is hungry|it likes you|I have seen it before|it wants to go home]"',
)
FRIEND_LOSES = (
    '"[I saw it by the {scene2}|nothing is ever really lost|look where you never look|perhaps it is hiding|the {weather} takes what it likes|we will find it|ask the {weather}|think back]", <said> the {friend} <adv>',
    'the {friend} [thought|sniffed|blinked|nodded] and <said> <adv>: "[try the {scene2}|eat some {food} first|when did you last see it?|follow me|it cannot be far]"',
)
FRIEND_WANTS = (
    '"[I know where to find one|nobody needs one|you must earn it|they grow near the {scene2}|take mine|wait for the {weather}|all in good time|be careful what you wish for]", <said> the {friend} <adv>',
    'the {friend} [smiled|coughed|winked|frowned] and <said> <adv>: "[give me {food} and I will help|look behind the {scene2}|I had one once|make it yourself]"',
)
HERO = (
    '"[I am not afraid|then I will wait|we could share|I have an idea|I have {food}, if that helps|how odd!|that cannot be true|let us try|what now?|not again!]", <said> {hero}',
    "{hero} [blushed|laughed|nodded|shivered|thought for a while|took a deep breath] and [said nothing|agreed|asked for more {food}|rolled up both sleeves]",
    "they [talked|argued|whispered|sat there] until the {weather} [stopped|grew tired|turned golden|listened too]",
)
TRY_FINDS = (
    "{he} [rubbed|shook|tapped|polished|turned|kissed] the {object} [once|twice|three times|very gently|with both hands], and [nothing happened|it made a <sound>|it grew warm|the {weather} held its breath|the {scene} trembled]",
    "together they [carried|dragged|rolled|pushed] the {object} to the {scene2}, [stopping only for {food}|singing loudly|arguing all the way|through the {weather}|without a word]",
    "first {he} tried <method>, then <method>, but the {object} only [sighed|sat there|turned blue|grew heavier|made a <sound>]",
    "the {friend} held the {object} while {hero} [counted to ten|looked for a lid|read the tiny letters|fetched {food}|danced around it]",
)
TRY_LOSES = (
    "they [looked|searched|crawled] [under|behind|around] the {scene2}, [in every pocket|in all the pots|in three bags|up and down the road], and even in the {food}",
    "{he} followed [small footprints|a <sound>|a trail of {food}|a hunch|the {weather}] [to|past|round] the {scene2}",
    "the {friend} [dug|climbed|sniffed|swam|asked] [here and there|all day|twice], while {hero} [called its name|turned over stones|sang to it|cried a little]",
    "{he} offered [{food}|a reward|a song|three wishes|a clean sock] to anyone [who had seen it|with good eyes|brave enough to look|who could smell]",
)
TRY_WANTS = (
    "so {he} worked [three days|all week|one whole month|from dawn to dusk] for the {friend}, [making {food}|painting the {scene2}|chasing flies|telling stories], to [earn it|deserve it|pay for it]",
    "{he} tried to [make|draw|knit|build|carve] one from [{food}|old string|moonlight|mud|feathers], but it [fell apart|made a <sound>|ran away|looked like a potato]",
    "they [set out|marched|hurried|sailed] together, [past|beyond|towards] the {scene2}, [with {food} in a bag|singing off key|through the {weather}|holding hands]",
    "first {he} tried <method>, then <method>, and [nothing came|the {friend} laughed|it almost worked|still no {object}]",
)
REVEAL_FINDS = (
    "<later> the {object} [opened|lit up|split in two|began to sing|shook itself], and [inside was|out came|they found] [a letter for the {friend}|a second, smaller {object}|a map of the {scene}|a sleeping bee|a recipe for {food}|a tiny door|a year of {weather}]",
    "it turned out that the {object} [belonged to the {friend}|had been looking for {him} too|was only pretending|could grant one very small wish|was made of {food}|had fallen off the moon|was afraid of the {weather}]",
    "the {object} [did not make {him} rich|was not magic at all|never said a word], but [the {friend} stayed|it kept the {weather} away|it made the best {food}|everyone came to see it]",
)
REVEAL_LOSES = (
    "<later> they found it [under|behind|beside|on top of] the {scene2}, [warm|fast asleep|full of {food}|wet but whole|guarded by beetles|a little smaller|covered in stars]",
    "it turned out that the {friend} had been [sitting on it|hiding it for fun|stirring {food} with it|keeping it dry|wearing it as a hat|talking to it] [all along|since spring|for weeks|the whole time]",
    "<later> the {object} came back [by itself|with the {weather}|in the beak of a gull|smelling of {food}|in a parcel], <adj> and <adj>",
)
REVEAL_WANTS = (
    "<later> [the {friend}|an old woman|a passing gull|a small child] [brought|gave|lent|threw] {him} {an_object}, [wrapped in paper|still warm|<adj> and <adj>|smelling of {food}|for nothing at all]",
    "and there, [by|behind|under] the {scene2}, [stood|lay|waited] {an_object}, [with no owner|wet from the {weather}|<adj> and <adj>|bigger than expected]",
    "then {he} [noticed|learned|understood] that the {friend} [had one too many|had made one in secret|wanted {food} just as much|would swap one for {food}|had kept one, just for {him}]",
)
ENDS = {
    "bright": (
        "that night they [ate {food}|danced|told stories|lit candles|slept well] [together|until dawn|by the {scene}], and {hero} felt {feel}",
        "since then, {hero} and the {friend} [share|guard|polish|visit] the {object} [every Sunday|in turns|and never quarrel|when the {weather} comes]",
        "{hero} [hung|put|kept|planted] the {object} [by the window|near the {scene}|next to the bed|in the sun] and [smiled|slept|felt {feel}|made {food}]",
    ),
    "funny": (
        "the {friend} laughed so [hard|long|loudly] that the {food} [burned|flew away|ended up on the {scene}|turned green], and {hero} felt {feel}",
        "now {hero} wears the {object} [on Sundays|as a hat|to bed|at parties], and [nobody dares to laugh|the {friend} wants one too|it still smells of {food}]",
        '"[never again!|who is hungry?|same time tomorrow|I knew it]", <said> the {friend}, and [ate|hid|sat on] the {object}',
    ),
    "dark": (
        "but when the {weather} returns, {hero} [still hears|dreams of|waits for] a <sound> [near|behind|under] the {scene}, and feels {feel}",
        "the {friend} [never came back|was gone by morning|forgot it all], and only the {object} [remained|remembers|knows why]",
        "{hero} [buried|locked away|let go of] the {object} [at dawn|without looking back|under the {scene}] and felt {feel}",
    ),
    "bold": (
        "the next morning {hero} [set out|sailed off|rode away|marched on] [with the {object}|with the {friend}|towards the {weather}], {feel} at last",
        "from that day on, [songs|stories|children|even storms] spoke of {hero} and the {object}, and {hero} felt {feel}",
        '"[what next?|who is with me?|there must be more|onward!|to the {scene2}!]", <said> {hero}, and [held up|kissed|waved] the {object} [in the {weather}|like a flag|one more time]',
    ),
}
