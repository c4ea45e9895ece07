"""What most engineers would reach for first, with the learners' interface: naive Bayes and logistic regression.

Both are scikit-learn's, over the lamp's present state and character 1- to 4-grams: counts for multinomial naive Bayes,
TF-IDF for class-balanced logistic regression. They know three classes; "not lit" and "not dark" are taken for
nothing. As with ours, the state that the lamp is in is not a possible answer.
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from lampd.learners.wish import Wish
from lampd.messages import Example, Said, Tag


def answer(example: Example) -> Tag:
    return example.possible[0] if len(example.possible) == 1 else "nothing"


def of_classes(probabilities: dict[Tag, float], lit: bool) -> Wish:
    """The wish of a lamp that is `lit` or not, from probabilities of lit, dark and nothing."""
    change, nothing = probabilities.get("dark" if lit else "lit", 0.0), probabilities.get("nothing", 0.0)
    return Wish.of(lit, change / (change + nothing) if change + nothing > 0 else 0.0)


class Simple:
    """`kind` is bayes or regression; it is fitted anew whenever it is asked after the examples have changed."""

    def __init__(self, kind: str) -> None:
        self.name = kind
        self._examples: dict[int, Example] = {}
        self._fitted: tuple[Any, Any] | None = None

    def learn(self, example: Example) -> None:
        self._examples[example.utterance] = example
        if not example.possible:
            del self._examples[example.utterance]
        self._fitted = None

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return {}

    def predict(self, said: Said, lit: bool) -> Wish:
        examples = list(self._examples.values())
        if len({answer(example) for example in examples}) < 2:
            return Wish.of(lit, 0.0)
        if self._fitted is None:
            count = CountVectorizer if self.name == "bayes" else TfidfVectorizer
            vectorizer = count(analyzer="char", ngram_range=(1, 4))
            vectorizer.fit([f" {example.text} " for example in examples])
            model = (
                MultinomialNB() if self.name == "bayes" else LogisticRegression(class_weight="balanced", max_iter=200)
            )
            x = _features(vectorizer, [example.text for example in examples], [e.was_lit for e in examples])
            self._fitted = vectorizer, model.fit(x, [answer(example) for example in examples])
        vectorizer, model = self._fitted
        probabilities = model.predict_proba(_features(vectorizer, [said.text], [lit]))[0]
        return of_classes(dict(zip(model.classes_, probabilities.tolist(), strict=True)), lit)


def _features(vectorizer: Any, texts: list[str], lit: list[bool]) -> csr_array:
    state = np.array([[float(one), float(not one)] for one in lit])
    return hstack([vectorizer.transform([f" {text} " for text in texts]), csr_array(state)]).tocsr()
