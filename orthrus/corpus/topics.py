"""What the `explain` domain knows: per topic the answer, words a right answer must have, and how people ask.

`names` are noun phrases that fit "What is ...?" and "Explain ..."; `asks` are whole questions.
"""

# ruff: noqa: E501 - an answer is one paragraph and stays on one line

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be explained."""

    key: str
    names: tuple[str, ...]
    asks: tuple[str, ...]
    answer: str
    words: tuple[str, ...]


def read_topics(text: str) -> tuple[Topic, ...]:
    """Topics from blocks of lines: `key | names | words`, then the questions, then the answer."""
    topics = []
    for block in text.strip().split("\n\n"):
        head, asks, *answer = block.split("\n")
        key, names, words = (part.strip() for part in head.split("|"))
        topics.append(Topic(key, _split(names), _split(asks), " ".join(answer), _split(words)))
    return tuple(topics)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


ORTHRUS = read_topics("""
orthrus | Orthrus; the Orthrus model; Orthrus decoding | two views; draft; verif
How does Orthrus work?; What does Orthrus do?; Who or what is Orthrus?; What is the idea behind Orthrus?; How does Orthrus write text faster?; How do you work?; What is speculative decoding?
Orthrus is a language model with two views that share one memory. The diffusion view drafts 31 tokens in one pass. The AR view verifies them in one more pass and keeps the longest prefix it agrees with. So the text is the same as from plain AR decoding, but one cycle can commit many tokens.

ar_view | the AR view; the autoregressive view; AR; autoregressive decoding | one token; left to right
What does the AR view do?; What does AR mean?; What does autoregressive mean?; Which view has the last word?; Is the AR view trained?
The AR view is the ordinary language model inside Orthrus. AR means autoregressive: it reads from left to right and predicts one token after the other. It is trained first and then frozen. Its choice always counts: it verifies every proposal, and it alone writes the KV cache.

diffusion_view | the diffusion view; the drafting view; the second view | mask; one pass
What does the diffusion view do?; How does the diffusion view work?; Which view writes the draft?; What is different in the diffusion view?
The diffusion view is the part of Orthrus that drafts. It has its own attention in each layer and shares everything else with the AR view. It reads the anchor and 31 mask tokens and fills all the masks in one pass. Inside the block every slot can see every other slot.

two_views | the two views; the views of Orthrus; dual-view decoding | AR view; diffusion view
Why does Orthrus have two views?; Why two heads?; What do the two views share?; What is the difference between the two views?
Orthrus has two views of the same text. The diffusion view is fast but may be wrong: it guesses a whole block at once. The AR view is careful: it checks the block from left to right. They share the embeddings, the MLPs, the output head and the KV cache; only the attention differs.

two_passes | two passes; the two passes of a cycle; the passes in one cycle | first pass; second pass
Why are there two passes?; Why does one cycle need two passes?; How many forward passes does a cycle take?; What happens in the two passes?
One cycle needs two passes. In the first pass the diffusion view drafts 31 proposals at once. In the second pass the AR view reads the whole block and gives its verdict on each. Two passes pay off as soon as more than one proposal is accepted on average.

anchor | the anchor; an anchor; the anchor token | first; AR view
What is the anchor for?; Where does the anchor come from?; Why does each block start with an anchor?; What does anchor mean in Orthrus?
The anchor is the first token of a block. The AR view has already chosen it, so it is certain. The draft is built on it: the diffusion view reads the anchor and 31 masks. After the verdict, the correction or the bonus becomes the anchor of the next cycle.

block | a block; the block; a block of 32; the block size | 32; anchor
Why is the block 32 long?; How long is a block?; What is inside a block?; How many tokens are in a block?; What does K = 32 mean?
A block is what one cycle works on. It has 32 slots: one anchor and 31 proposals. The anchor is certain, the proposals are guesses of the diffusion view. A longer block could win more tokens at once, but the last proposals are the hardest ones, so they are seldom accepted.

cycle | a cycle; one cycle; a decode cycle | draft; verify; commit
What happens in one cycle?; What are the steps of a cycle?; How does a cycle work?; Can you walk me through one cycle?
A cycle has four steps: draft, verify, commit and crop. The diffusion view drafts 31 proposals after the anchor. The AR view verifies them in one pass. The anchor and the accepted proposals are committed. Then the cache is cropped and the next cycle starts with a new anchor.

draft | a draft; the draft; drafting | 31; diffusion view
How is a draft made?; Who makes the draft?; How many tokens does a draft have?; What does drafting mean?
A draft is a set of 31 proposals made in one pass. The diffusion view reads the anchor and 31 masks and fills in all of them at the same time. Nothing in the draft is certain yet. It becomes text only where the AR view agrees.

proposal | a proposal; proposals; the proposals | guess; verdict
What does proposal mean?; How many proposals are there?; What happens to a proposal?; Who makes the proposals?
A proposal is one token that the diffusion view guesses. A block holds 31 proposals behind its anchor. Each of them meets the verdict of the AR view, from left to right. A proposal is then accepted, or refused, or discarded because an earlier one was refused.

verify | verifying; verification; the verify pass; the verdict; a verdict | AR view; compare
How does Orthrus verify a draft?; How are proposals checked?; What does the verdict say?; Who gives the verdict?
To verify is to compare the draft with the AR view's own choice. The AR view reads the anchor and all proposals in one pass and names the token it would write at each place. This is the verdict. Proposals are accepted from the left as long as both agree.

accepted | accepted tokens; an accepted token; acceptance | AR view; commit
When is a token accepted?; What does accepted mean?; Which proposals are accepted?; When is a proposal accepted?
A proposal is accepted when it is the token the AR view would have written, and all proposals before it are accepted too. Accepted tokens are committed to the text. One pass judges all of them, so ten accepted tokens cost no more than one.

refused | a refused token; refused tokens; the first mismatch | first mismatch; correction
When is a token refused?; What does refused mean?; Which token is refused?; What happens when a proposal is refused?
The refused token is the first mismatch of a draft: the first proposal that differs from the choice of the AR view. There is at most one in a cycle. The AR view puts its own token in that place, the correction, and everything behind it is discarded.

discarded | a discarded token; discarded tokens; discarded proposals | after; never judged
When is a token discarded?; What does discarded mean?; Why are tokens discarded?; What is the difference between refused and discarded?; Are discarded tokens wrong?
Discarded proposals are those after the refused one. They were never judged, because they were built on a token that is not in the text. Some of them may even have been right. Only the first mismatch is called refused; the rest is just thrown away.

correction | a correction; the correction | refused; AR view
What does correction mean?; When is there a correction?; What replaces a refused token?; What is the difference between a correction and a bonus?
A correction is the token that the AR view writes in place of the refused one. It costs no extra pass, because the verify pass has already computed it. So every cycle gives at least one new token. The correction is the anchor of the next cycle.

bonus | a bonus; the bonus; the bonus token | 31; accepted; next
What does bonus mean?; When is there a bonus?; Why is there a bonus token?; What comes after a full block?
A bonus is one more token after a perfect draft. When all 31 proposals are accepted, the verify pass has also computed what comes next. The AR view gives that token for free. It is the anchor of the next cycle, so such a cycle yields 32 tokens.

commit | to commit; committing; a committed token | text; accepted
What does commit mean?; When is a token committed?; What is committed after a cycle?; Can a committed token change?
To commit is to make tokens part of the text. After each verdict the anchor and the accepted proposals are committed, and their keys and values stay in the cache. A committed token never changes again. What was refused or discarded leaves no trace.

kv_cache | the KV cache; the shared KV cache; the cache | keys and values; AR view
Why is the KV cache shared?; Who writes the KV cache?; How do the views share the cache?; What is in the cache?; Does Orthrus need two caches?
The KV cache holds the keys and values of all committed tokens. Only the AR view writes it; the diffusion view just reads it. So both views see exactly the same past, and there is no second cache to pay for. The keys of a draft block are thrown away after the pass.

crop | the crop; cropping; cropping the cache | cache; refused
What does crop mean?; Why is the cache cropped?; When does Orthrus crop the cache?; How is the cache kept clean?
To crop is to cut the cache back after a verdict. The verify pass wrote keys and values for the whole block, but some proposals were refused or discarded. Their entries are removed, so the cache holds the committed tokens only. The next cycle starts from there.

lossless | lossless decoding; lossless; the lossless guarantee | same; AR view
Is Orthrus lossless?; Why is Orthrus lossless?; What does lossless mean?; Does the text change with Orthrus?; Is the text worse with Orthrus?
Lossless means that Orthrus writes the same text as its AR view alone. A proposal is kept only where it equals the choice of the AR view, so a bad draft costs time but never a wrong token. For this the numbers must be exact too: in low precision a near tie can flip.

acceptance_length | acceptance length; the acceptance length; the mean acceptance | accepted; per cycle
How is the acceptance length measured?; What is a good acceptance length?; What does acceptance length mean?; How many tokens are accepted on average?
The acceptance length is the number of accepted proposals per cycle, without the bonus or the correction. It goes from 0 to 31. It is high on text that is easy to foresee, such as code, JSON or copied lines, and low on stories, where many words would fit.

tpf | TPF; tokens per forward pass | tokens; forward pass
What does TPF mean?; How is TPF computed?; What is a good TPF?; What does TPF stand for?
TPF means tokens per forward pass. It is the number of tokens written, divided by all passes: one for the prompt and two for each cycle. Plain AR decoding has a TPF of 1. With Orthrus a TPF of 4 means that each pass wins four tokens on average.

speed | the speed of Orthrus; the speedup | passes; accepted
Why is Orthrus fast?; Why is Orthrus faster?; How much faster is Orthrus?; Where does the speedup come from?
Orthrus is fast because a pass over 32 tokens costs little more than a pass over one. Most of the time goes into reading the weights. If ten proposals are accepted, two passes have done the work of eleven. How fast it is depends on how many proposals are accepted.

one_step | one denoising pass; single-step denoising; one denoising step | pass; masks
Why only one denoising pass?; Why not denoise in many steps?; Does Orthrus denoise several times?; How many denoising steps does Orthrus use?
Orthrus fills all masks in one denoising pass. More steps would make a better draft, but each step costs a pass. The verify pass finds the mistakes anyway, so a quick draft and a strict check win more than a slow, careful draft.

training | the training of Orthrus; how Orthrus is trained | AR view; frozen; diffusion view
How is Orthrus trained?; How do you train the diffusion view?; What is trained in Orthrus?; How does the diffusion view learn?
Training has two parts. First the AR view learns to answer, like any language model. Then it is frozen, and only the attention of the diffusion view is trained. It learns to predict, from an anchor and masks, what the AR view would write in the next 31 places.

forward_kl | forward KL; the forward KL loss; the loss of the diffusion view | AR view; probabilities
Why forward KL?; What does forward KL do?; Which loss does Orthrus use?; What does the loss compare?
Forward KL is the loss that trains the diffusion view. It compares two lists of probabilities: those of the AR view, which is the teacher, and those of the draft. The diffusion view must give weight to every token the teacher finds likely. This teaches more than the one right token.

hard_text | hard text; text that is hard to draft | stories; discarded
When does Orthrus not help?; When is Orthrus slow?; What is hard for Orthrus?; Why are stories hard to draft?; When does drafting fail?
Orthrus helps little when the next words are open. In stories many words would fit, so a draft of 31 tokens goes wrong early and most of it is discarded. Then a cycle wins only a few tokens for two passes. The text is still right; it just comes more slowly.

easy_text | easy text; text that is easy to draft | code; copy
When does Orthrus help most?; What is easy for Orthrus?; Where is Orthrus best?; Why is code easy to draft?; What text is fastest?
Orthrus helps most on text that can be foreseen: code, JSON, counting, or a copy of something in the prompt. There the diffusion view often guesses a whole block, and many proposals are accepted in one cycle. Try a copy task and watch the long rows of accepted tokens.

mask | a mask; a mask token; the mask tokens | empty; diffusion view
What are the masks for?; Why are there mask tokens?; What does mask mean?; What does the diffusion view read?
A mask is an empty place that waits for a token. The diffusion view reads the anchor and 31 masks and predicts what belongs in each of them. Masks never reach the text. The AR view never sees them: it reads the proposals instead.

this_model | this model; this small model; the model behind this page; Orthrus mini | small; math
What can this small model do?; How big is this model?; What does this model know?; Is this a big model?; Why does this model make mistakes?; Can I trust this model?
This is a very small model, trained from scratch for this page on seeded exercises. It knows math word problems, equations, lists, units, JSON, small Python functions, copying, editing, short stories and facts about Orthrus. It knows little of the world and it makes mistakes, but its two views work like the big ones.

sampling | sampling; temperature | random; AR view
Does Orthrus work with sampling?; What happens with temperature?; Is sampling lossless too?; How does Orthrus sample?
With sampling the AR view does not take the best token but draws one at random. Orthrus can do that too. A proposal is accepted with a probability that depends on both views, and after a refusal a new token is drawn. The result has exactly the same odds as plain sampling from the AR view.

tokens | a token; tokens | piece; rare words
What does token mean?; How long is a token?; Is a token a word?; Why tokens and not words?
A token is a small piece of text: a word, a part of a word, a digit or a sign. The model reads and writes tokens, not letters. Common words are one token; rare words are put together from several. Here every digit is a token of its own.
""")
