"""Where the books stand: customer number to book, with equal customers sharing one book, and forks sharing everything.

A million customers drawn from a few hundred histories need a few hundred books and one array of small integers; what
happens to everyone (a billing run, a day passing) is worked out once for each book. A customer's own change moves that
customer to a place of its own. Forks copy the array only when they first write to it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator

from counterfoil.ledger.records import Book


class Shelf:
    """Books by customer number, counted from 1. ``version`` grows when the sharing changes, not when books do."""

    def __init__(self) -> None:
        self._books: list[Book] = []
        self._readers: list[int] = []  # how many customers each book stands for
        self._place = array("I")  # customer number - 1 -> index into _books
        self._place_is_shared = False
        self.version = 0

    def __len__(self) -> int:
        return len(self._place)

    def __getitem__(self, customer: int) -> Book:
        """The book of ``customer``; raises IndexError unless 1 <= customer <= len."""
        if customer < 1:
            raise IndexError(customer)
        return self._books[self._place[customer - 1]]

    def fork(self) -> Shelf:
        """An equal shelf that shares all it can and shows nothing of what is done to this one later."""
        twin = Shelf()
        twin._books = self._books.copy()
        twin._readers = self._readers.copy()
        twin._place = self._place
        twin._place_is_shared = self._place_is_shared = True
        twin.version = self.version
        return twin

    def add(self, book: Book) -> int:
        """Shelve a new customer's book and return the customer's number."""
        self._own_places()
        self._place.append(self._new_place(book))
        return len(self._place)

    def add_many(self, books: list[Book], choices: Iterable[int]) -> None:
        """Shelve many new customers at once: each takes the book that its choice is the index of."""
        self._own_places()
        first = len(self._books)
        before = len(self._place)
        self._place.extend(first + choice for choice in choices)
        readers = [0] * len(books)
        for place in self._place[before:]:
            readers[place - first] += 1
        self._books.extend(books)
        self._readers.extend(readers)
        self.version += 1

    def put(self, customer: int, book: Book) -> None:
        """Give ``customer`` a book of its own."""
        place = self._place[customer - 1]
        if self._readers[place] == 1:
            self._books[place] = book
            return
        self._own_places()
        self._readers[place] -= 1
        self._place[customer - 1] = self._new_place(book)

    def change_all(self, change: Callable[[Book], Book]) -> None:
        """Replace every book by ``change(book)``, once for each, however many customers share it."""
        for place, readers in enumerate(self._readers):
            if readers:
                self._books[place] = change(self._books[place])

    def distinct(self) -> Iterator[tuple[Book, int]]:
        """Each book in use, with the number of customers it stands for."""
        return ((book, readers) for book, readers in zip(self._books, self._readers, strict=True) if readers)

    def places(self) -> array[int]:
        """For each customer in order, the place of its book: an index into ``books()``. Not to be changed."""
        return self._place

    def books(self) -> list[Book]:
        """Books by place, some of which may be out of use. Not to be changed."""
        return self._books

    def _new_place(self, book: Book) -> int:
        self._books.append(book)
        self._readers.append(1)
        self.version += 1
        return len(self._books) - 1

    def _own_places(self) -> None:
        if self._place_is_shared:
            self._place = self._place[:]
            self._place_is_shared = False
