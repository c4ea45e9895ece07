"""The n-grams that both learners read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lampd.learners.ngrams import LONGEST, counts, expected, ngrams
from lampd.messages import Said

READY = settings(derandomize=True, deadline=None, database=None)


def test_the_ngrams_of_one_word() -> None:
    assert list(ngrams("ab").elements()) == ["a", "b", " a", "ab", "b ", " ab", "ab ", " ab "]


@READY
@given(st.text(max_size=50))
def test_their_number_follows_from_the_length(text: str) -> None:
    words = text.replace("\0", " ").casefold().split()
    length = sum(map(len, words)) + len(words) + 1
    expected = sum(max(0, length - n + 1) for n in range(1, LONGEST + 1)) - (len(words) + 1)
    assert ngrams(text).total() == (expected if words else 0)


@READY
@given(st.text(max_size=50))
def test_all_are_pieces_of_the_text_and_none_is_empty_or_holds_a_nul(text: str) -> None:
    padded = f" {' '.join(text.replace(chr(0), ' ').casefold().split())} "
    for ngram in ngrams(text):
        assert ngram in padded and 1 <= len(ngram) <= LONGEST and ngram.strip() and "\0" not in ngram


@READY
@given(st.lists(st.text("abcäß", min_size=1, max_size=5), max_size=5))
def test_case_and_white_space_do_not_matter(words: list[str]) -> None:
    plain = ngrams(" ".join(words))
    assert plain == ngrams("\t" + " \n ".join(words).upper() + "  ")


def test_they_span_words_and_keep_the_order_of_first_occurrence() -> None:
    assert ngrams("a b")["a b"] == 1
    assert list(ngrams("ba ab"))[:2] == ["b", "a"]
    assert ngrams("ab") != ngrams("ba")


def test_they_are_counted_as_often_as_they_occur() -> None:
    assert ngrams("aaa")["a"] == 3
    assert ngrams("la la")["la"] == 2


def test_several_guesses_have_the_mean_of_their_counts() -> None:
    found = expected(["ab", "ab", "a", ""], least=0.0)
    assert (found["a"], found["b"], found["ab"], found[" a "]) == (0.75, 0.5, 0.5, 0.25)
    assert expected(["ab"], least=0.0) == ngrams("ab")
    assert expected(["ab", "ab", "a", ""], least=0.5).keys() == {"a", "b", "ab", " a", "b ", " ab", "ab ", " ab "}
    assert expected([""]) == {}


def test_counts_that_came_with_the_words_have_the_last_word() -> None:
    assert counts(Said("ab")) == ngrams("ab")
    assert counts(Said("ab", {"b": 0.5})) == {"b": 0.5}
