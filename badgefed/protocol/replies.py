"""What does a reply to an offered badge say? Yes, no, or nothing that may be taken for either.

A wrong yes would publish something in somebody's name, a wrong no would end an offer; asking once more costs one
message. So every word must be understood, with one exception: after a first sentence that plainly accepts, more may
follow as long as most of it is understood and nothing in it takes the yes back.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from enum import StrEnum

from badgefed.protocol.html import reply_text

MAX_REPLY_HTML = 20_000
MAX_WORDS = 80


class Answer(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    UNCLEAR = "unclear"


_Words = tuple[str, ...]
_APOSTROPHES = re.compile("[’‘ʼ´`]")


def _fold(text: str) -> str:
    """Lower case, without accents, look-alike forms, apostrophe variants and invisible characters."""
    text = _APOSTROPHES.sub("'", text).replace("ł", "l").replace("Ł", "l")
    decomposed = unicodedata.normalize("NFKD", text)
    kept = (char for char in decomposed if unicodedata.category(char) not in ("Mn", "Cf", "Sk"))
    return "".join(kept).casefold()


def _phrases(*lines: str) -> frozenset[_Words]:
    """Phrases separated by commas, as tuples of folded words."""
    phrases = (phrase.split() for line in lines for phrase in _fold(line).split(","))
    return frozenset(tuple(words) for words in phrases if words)


_PLAIN_ACCEPT = _phrases(
    "yes, yep, yup, accept, accepted, accepting, i accept, i do accept, i'll accept, i will accept, i do",
    "sí, acepto, lo acepto, la acepto, aceptar, aceptado, aceptada, claro que sí, por supuesto",
    "oui, j'accepte, je l'accepte, accepter, accepté, d'accord, bien sûr, volontiers",
    "ja, annehmen, ich nehme an, nehme an, nehme ich an, angenommen, akzeptiert, ich akzeptiere, akzeptiere, ja gerne, ja gern, jawohl",
    "sim, aceito, aceitar, aceite, eu aceito, com certeza, claro que sim",
    "tak, akceptuję, przyjmuję, akceptuj, zgadzam się, oczywiście, jasne, zgoda",
    "ja graag, accepteren, ik accepteer, accepteer, aanvaarden, ik aanvaard, ik neem aan, akkoord, geaccepteerd",
    "sì, accetto, accettare, accettato, lo accetto, l'accetto, certo, certamente, volentieri",
)
_WEAK_ACCEPT = _phrases(
    "ok, okay, okey, oki, sure, yeah, vale, agreed, claro, alright, gladly", "👍, ✅, ✔, ☑, 🆗, 👌"
)
_DECLINE = _phrases(
    "no, nope, nah, decline, declined, i decline, i'll decline, i refuse, refuse, refused, reject, rejected, i reject, no thanks",
    "i do not accept, i don't accept, i dont accept, i won't accept, i will not accept, i can not accept, i cannot accept, i can't accept",
    "do not accept, don't accept, not accepted, i do not want it, i don't want it, i do not want this, i don't want this",
    "rechazo, lo rechazo, rechazar, rechazado, no acepto, no lo acepto, no la acepto, no quiero",
    "non, je refuse, refuser, refusé, je décline, décliner, je n'accepte pas, n'accepte pas, pas d'accord",
    "nein, ablehnen, abgelehnt, ich lehne ab, lehne ab, ich lehne das ab, nicht annehmen, ich nehme nicht an, ich akzeptiere nicht",
    "não, recuso, recusar, não aceito, eu recuso, rejeito",
    "nie, odrzucam, odmawiam, nie akceptuję, nie przyjmuję, nie zgadzam się, nie chcę",
    "nee, weigeren, ik weiger, afwijzen, afgewezen, ik accepteer niet, ik aanvaard niet, niet accepteren, nee bedankt",
    "rifiuto, rifiutare, rifiutato, lo rifiuto, non accetto, non lo accetto, non voglio",
    "nej, nei, 👎, ❌, ✖, 🚫",
)
_COURTESY = _phrases(
    "please, thanks, thank you, thank, you, thx, ty, so, very, much, many, kindly, a, the, this, that, it, badge, for, to, me",
    "hi, hello, hey, dear, all, everyone, everybody",
    "gracias, muchas, mil, por favor, la, el, insignia, hola",
    "merci, beaucoup, s'il vous plaît, s'il te plaît, stp, svp, le, ce, cette, bonjour, salut",
    "danke, vielen, dank, bitte, sehr, schön, das, den, die, dieses, abzeichen, hallo, liebe",
    "obrigado, obrigada, muito, por, favor, o, olá, emblema",
    "dziękuję, dzięki, bardzo, proszę, odznakę, odznaka, tę, cześć, dzień, dobry",
    "bedankt, dank je, dank u, wel, alsjeblieft, alstublieft, de, het, deze, hoi",
    "grazie, mille, molte, per favore, il, questo, ciao",
)
_EAGER = _phrases(
    "i, i'm, i am, is, my, and, with, really, of course, definitely, absolutely, happily, pleasure, great, cool, nice, awesome",
    "wonderful, amazing, happy, honored, honoured, honor, honour, love, would, i'd, like, i'd like, i'd love, want",
    "encantado, encantada, con, mucho, gusto, placer, avec, plaisir, je, vous, bien, gern, gerne, ich, freude, mit",
    "com, prazer, eu, chętnie, poproszę, graag, ik, je, u, prego, piacere",
)
_TAKING_BACK = _phrases(
    "but, however, if, only, unless, except, although, though, yet, later, maybe, perhaps, probably, wait, think, thinking, first, before, until",
    "not, don't, dont, doesn't, doesnt, didn't, didnt, won't, wont, can't, cant, cannot, never, none, nothing, isn't, isnt, wasn't, wouldn't, shouldn't",
    "stop, spam, scam, leave, unsubscribe, remove, delete, block, joking, joke, kidding, just kidding, lol, right, would accept, i'd accept, wrong, mistake, cancel, changed",
    "who, what, why, when, where, how, which",
    "pero, sino, salvo, aunque, nunca, jamás, tampoco, quizá, quizás, luego, después, espera, broma, borrar, eliminar, quién, qué, cuando",
    "mais, sauf, seulement, pas, jamais, rien, peut-être, peut, attends, attendez, tard, blague, supprimer, quand, qui, pourquoi",
    "aber, wenn, falls, nur, nicht, nichts, kein, keine, keinen, niemals, vielleicht, später, warte, scherz, löschen, wer, was ist, was soll, was wird, warum, wann, sondern",
    "mas, porém, se, talvez, depois, espera, brincadeira, apagar, quem",
    "ale, jeśli, jeżeli, tylko, nigdy, może, później, czekaj, żart, usuń, kto, dlaczego, kiedy",
    "maar, als, alleen, niet, niets, geen, nooit, misschien, straks, wacht, grapje, verwijderen, wie, wat, waarom, wanneer",
    "ma, però, solo, mai, niente, forse, dopo, aspetta, scherzo, cancellare, chi, cosa, perché, quando",
    "🤔, 🙄, 😒, 🤨, 😕, 😡, 🤬, 💩, 🖕, 😂, 🤣, 😏",
)

_MEANINGS: tuple[tuple[str, frozenset[_Words]], ...] = (
    ("decline", _DECLINE),
    ("plain", _PLAIN_ACCEPT),
    ("weak", _WEAK_ACCEPT),
    ("back", _TAKING_BACK),
    ("courtesy", _COURTESY),
    ("eager", _EAGER),
)
_LEXICON = {phrase: meaning for meaning, phrases in reversed(_MEANINGS) for phrase in phrases}
_LONGEST = max(map(len, _LEXICON))
_SYMBOLS = "".join(sorted({word for phrase in _LEXICON for word in phrase if not word[0].isalnum()}))
_TOKEN = re.compile(rf"[^\W_]+(?:['-][^\W_]+)*|[{re.escape(_SYMBOLS)}]")
_SENTENCE_END = re.compile(r"[.!\n;。]+")
_QUESTION = re.compile(r"[?¿؟❓❔]")


def read_answer(html: str) -> Answer:
    """The answer in the HTML of a reply, in English, Spanish, French, German, Portuguese, Polish, Dutch or Italian."""
    if len(html) > MAX_REPLY_HTML:
        return Answer.UNCLEAR
    text = _fold(reply_text(html))
    if _QUESTION.search(text):
        return Answer.UNCLEAR
    sentences = [words for part in _SENTENCE_END.split(text) if (words := _TOKEN.findall(part))]
    if sum(map(len, sentences)) > MAX_WORDS:
        return Answer.UNCLEAR
    return _judge([_meanings(words) for words in sentences])


def _judge(sentences: list[list[str]]) -> Answer:
    counts = Counter(meaning for sentence in sentences for meaning in sentence)
    if counts["decline"] and counts.keys() <= {"decline", "courtesy"}:
        return Answer.DECLINE
    if counts["decline"] or counts["back"]:
        return Answer.UNCLEAR
    if not counts["unknown"]:
        return Answer.ACCEPT if counts["plain"] or counts["weak"] else Answer.UNCLEAR
    opening = next((found for found in sentences if set(found) - {"courtesy", "eager"}), [])
    plainly_begun = "plain" in opening and "unknown" not in opening
    mostly_understood = 2 * counts["unknown"] <= counts.total()
    return Answer.ACCEPT if plainly_begun and mostly_understood else Answer.UNCLEAR


def _meanings(words: list[str]) -> list[str]:
    """What the words of a sentence mean, the longest known phrase first."""
    found: list[str] = []
    position = 0
    while position < len(words):
        longest = min(_LONGEST, len(words) - position)
        phrases = (tuple(words[position : position + length]) for length in range(longest, 0, -1))
        phrase = next((phrase for phrase in phrases if phrase in _LEXICON), None)
        found.append(_LEXICON[phrase] if phrase else "unknown")
        position += len(phrase) if phrase else 1
    return found
