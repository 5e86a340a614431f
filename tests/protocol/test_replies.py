"""What people write back, and what may be made of it. Doubtful answers are never a yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.protocol.replies import MAX_REPLY_HTML, Answer, read_answer

MENTION = '<span class="h-card"><a href="https://b.example/actor/acme" class="u-url mention">@<span>acme</span></a></span>'

ACCEPT = """
yes
Yes
YES!
yes.
Yes!!! 🎉🎉🎉
  yes…
ｙｅｓ
y\u200be\u200bs
yes please
Yes, please!
yes, thank you so much
Yes thanks
Yes to all
yep
yup
I accept
i accept.
I accept this badge
I accept the badge, thank you very much!
I do
accept
Accepted!
I would like to accept it
I'd love to accept it
Of course I accept
ok
OK!
okay
Okay, thanks
sure
Sure, thank you!
Sure, I'd love it
yeah
thank you, yes
Hello! Yes please.
Hi, I accept
Yes, thank you so much! It was a great conference.
Thank you! Yes, I accept. This is wonderful news to me.
👍
👍🏽
👍👍
✅
✔️
yes 👍
🆗
sí
Sí!
si
¡Sí!
Sí, gracias
acepto
Acepto, muchas gracias
lo acepto
claro que sí
vale
oui
Oui, merci !
j'accepte
J’accepte
j´accepte
J'accepte avec plaisir
d'accord
bien sûr
volontiers
ja
Ja!
ja gerne
Ja, bitte
Ja, vielen Dank
annehmen
ich nehme an
Ich akzeptiere
sim
Sim, obrigado!
aceito
Aceito, muito obrigada
com certeza
tak
Tak, dziękuję
akceptuję
AKCEPTUJĘ
akceptuje
zgadzam się
oczywiście
ja graag
Ja, graag!
ja dank je
ik accepteer
akkoord
sì
Sì, grazie mille
si grazie
accetto
Accetto con piacere
volentieri
"""

DECLINE = """
no
No.
NO!
no thanks
No, thanks
no thank you
No, thank you very much
nope
nah
decline
I decline
I refuse
I don't accept
I don’t accept
I dont accept
I do not accept
i cannot accept it
I do not want it
👎
👎🏿
❌
no 👎
no gracias
rechazo
no acepto
no lo acepto
no quiero
non
Non merci
je refuse
je n'accepte pas
Je n’accepte pas
pas d'accord
nein
Nein danke
Nein, vielen Dank
ablehnen
ich lehne ab
nicht annehmen
não
Não, obrigado
nao
recuso
não aceito
nie
Nie, dziękuję
odrzucam
nie akceptuję
nie chcę
nee
Nee, bedankt
nee dank je
ik weiger
ik accepteer niet
rifiuto
no grazie
non accetto
nej
"""

UNCLEAR = """
what is this?
yes?
¿sí?
Yes! How do I get it?
ok, who are you
Who are you
maybe
yes and no
yes/no
yes no
no yes
no, i accept
No problem, I accept
no problem
No way! Really cool
No!! That's amazing
No, I'd love it
No, really? Wow
no i want it
Yes, but only if you remove my name
yes if it is free
Yes, later
Yes. Not.
Yes. This is spam.
Yes. Stop this.
yes... just kidding
Sure 🙄
Sure, I will think about it
Ok, I'll look at it later
ok boomer
Okay. Let me check.
yeah right
I accept nothing
I never said I accept
I did not accept
I didn't accept this
I won't say yes
I wouldn't accept
Please don't make me accept
don't
Do not say yes
not yes
I refuse to say no
I am unable to accept
I think I accept
thanks
thank you so much
Thank you! This is wonderful.
🎉
❤️
hello
I love this badge
badge
nice badge
accepting this would be wrong
accidentally yes
yesterday
know
notes
noted
okra
declining
sino
I received this: Reply yes to accept it or no to decline it
Ja. Men inte nu
Tack så mycket
tak for det
nej tak
да
はい
yеs
claro que no
por supuesto que no
bien sûr que non
d'accord mais pas maintenant
je ne suis pas d'accord
oui mais plus tard
sí pero no
Sí, aunque luego
Ja, aber später
Ja, wenn es sein muss
Ich nehme an, Sie irren sich
Ich nehme an, das ist Spam
Ja. Was ist das
sim, mas depois
tak, ale później
ja maar niet nu
sì ma non ora
Sì. Forse domani
vale la pena
certo che no
https://yes.example/
yes https://spam.example/buy
1
y
n
.
...
?
"""


def table(text: str) -> list[str]:
    return [line for line in text.strip("\n").split("\n") if line]


CASES = [
    (text, answer)
    for rows, answer in ((ACCEPT, Answer.ACCEPT), (DECLINE, Answer.DECLINE), (UNCLEAR, Answer.UNCLEAR))
    for text in table(rows)
]


@pytest.mark.parametrize(("text", "answer"), CASES)
def test_answers(text: str, answer: Answer) -> None:
    assert read_answer(text) is answer
    assert read_answer(f"<p>{MENTION} {text}</p>") is answer
    assert read_answer(f"<p>@acme@b.example {text.upper()}</p>") is answer


@pytest.mark.parametrize(
    ("html", "answer"),
    [
        (f"<p>{MENTION}</p><p>yes</p>", Answer.ACCEPT),
        (f"<p>{MENTION}<br>yes<br>thank you</p>", Answer.ACCEPT),
        ("<p>yes</p><p>no</p>", Answer.UNCLEAR),
        ("<p>yes</p><p>but not now</p>", Answer.UNCLEAR),
        ("<p>ye</p><p>s</p>", Answer.UNCLEAR),
        ("<b>y</b>es", Answer.ACCEPT),
        ("<p>yes<script>no</script></p>", Answer.ACCEPT),
        ("<blockquote>Reply yes or no</blockquote><p>no</p>", Answer.DECLINE),
        ("<s>yes</s> no", Answer.UNCLEAR),
        ("&#x79;es", Answer.ACCEPT),
        ('<p>yes <a class="mention hashtag" href="https://m.example/tags/no">#<span>no</span></a></p>', Answer.UNCLEAR),
        ("", Answer.UNCLEAR),
        ("<p></p>", Answer.UNCLEAR),
        (f"<p>{MENTION}</p>", Answer.UNCLEAR),
        ("yes " * 200, Answer.UNCLEAR),
        ("yes" + " " * MAX_REPLY_HTML + "no", Answer.UNCLEAR),
        ("Yes. " + "This conference taught me things that I had long wanted to learn. " * 3, Answer.UNCLEAR),
    ],
)  # fmt: skip
def test_answers_in_html(html: str, answer: Answer) -> None:
    assert read_answer(html) is answer


@pytest.mark.parametrize("reply", [text for text in table(ACCEPT) if "." not in text.rstrip(".")])
@pytest.mark.parametrize("doubt", ["but no", "not", "?", "if I must", "nicht", "pero no", "jamais", "🤔"])
def test_no_yes_survives_a_doubt(reply: str, doubt: str) -> None:
    assert read_answer(f"{reply} {doubt}") is not Answer.ACCEPT
    assert read_answer(f"{doubt} {reply}") is not Answer.ACCEPT


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    assert read_answer(text) in Answer


@given(
    st.lists(
        st.sampled_from(
            [
                "yes",
                "no",
                "not",
                "but",
                "thank",
                "you",
                "I",
                "accept",
                "don't",
                "maybe",
                ".",
                "!",
                ",",
                "ok",
                "👍",
            ]
        ),
        max_size=8,
    )
)
def test_a_no_or_a_doubt_anywhere_is_never_a_yes(words: list[str]) -> None:
    if {"no", "not", "but", "don't", "maybe"} & set(words):
        assert read_answer(" ".join(words)) is not Answer.ACCEPT
