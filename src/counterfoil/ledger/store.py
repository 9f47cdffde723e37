"""A copy-on-write map from customer number to account state; customers with identical histories share one state.

A million customers with a few hundred histories need a few hundred states and one array of small integers. What happens to
all customers (a billing run, a day passing) is computed once per state. Changing one customer moves it to a slot of its
own. Forks share everything until one is written to; then only the chunks written to are copied.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.chunks import Chunks, NumberChunks


class AccountStore:
    """Account states by customer number, from 1. ``revision`` increases with every change.

    A slot is an index into the list of states. Lists and arrays that methods return must not be changed.
    """

    def __init__(self) -> None:
        self._states: Chunks[AccountState] = Chunks()
        self._refcounts: Chunks[int] = Chunks()  # by slot: how many customers have that state
        self._slots: Chunks[int] = NumberChunks()  # customer number - 1 -> slot
        # By slot, the numbers of its customers, ascending. Built when first needed, and updated from then on.
        self._customers: Chunks[array[int]] | None = None
        self._is_shared = False  # whether a fork may share these sequences: copy them before the next write
        self._owns_states = False  # whether ``_states`` was copied already: most writes change nothing else
        self.revision = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, customer: int) -> AccountState:
        """The state of ``customer``. Raises ``IndexError`` unless 1 <= customer <= len."""
        if customer < 1:
            raise IndexError(customer)
        return self._states[self._slots[customer - 1]]

    def fork(self) -> AccountStore:
        """An equal store; changes to either do not show in the other."""
        copy = AccountStore.__new__(AccountStore)
        copy._states = self._states
        copy._refcounts = self._refcounts
        copy._slots = self._slots
        copy._customers = self._customers
        copy._is_shared = self._is_shared = True
        copy._owns_states = self._owns_states = False
        copy.revision = self.revision
        return copy

    def add(self, state: AccountState) -> int:
        """Add a customer with that state; returns its number."""
        self._own()
        number = len(self._slots) + 1
        self._slots.append(self._new_slot(state, number))
        return number

    def add_many(self, states: list[AccountState], choices: Iterable[int]) -> None:
        """Add many customers at once: one for each of ``choices``, which are indexes into ``states``."""
        self._own()
        first = len(self._states)
        choices = list(choices)
        self._slots.extend(first + choice for choice in choices)
        refcount = [0] * len(states)
        for choice in choices:
            refcount[choice] += 1
        self._states.extend(states)
        self._refcounts.extend(refcount)
        self._customers = None
        self.revision += 1

    def put(self, customer: int, state: AccountState) -> None:
        """Set the state of one customer."""
        slot = self._slots[customer - 1]
        self.revision += 1
        if self._refcounts[slot] == 1:
            if self._is_shared and not self._owns_states:
                self._states = self._states.fork()
                self._owns_states = True
            self._states[slot] = state
            return
        self._own()
        self._refcounts[slot] -= 1
        self._remove_customer(customer, slot)
        self._slots[customer - 1] = self._new_slot(state, customer)

    def change_all(self, change: Callable[[AccountState], AccountState]) -> None:
        """Replace every state by ``change(state)``, which is called once per state."""
        self._own()
        self.revision += 1
        for slot, refcount in enumerate(self.refcounts()):
            if refcount:
                self._states[slot] = change(self._states[slot])

    def change(self, slots: Sequence[int], change: Callable[[AccountState], AccountState]) -> None:
        """Replace the states in some slots, for all customers that share them."""
        self._own()
        if slots:
            self.revision += 1
        for slot in slots:
            self._states[slot] = change(self._states[slot])

    def unique_states(self) -> Iterator[tuple[AccountState, int]]:
        """Each state in use, with the number of customers that have it."""
        return ((state, refcount) for state, refcount in zip(self._states, self._refcounts, strict=True) if refcount)

    def slots(self) -> array[int]:
        """For each customer in order, the slot of its state."""
        return self._slots.flat()  # type: ignore[return-value]

    @property
    def slot_count(self) -> int:
        """How many slots there are; some may not be in use."""
        return len(self._states)

    def states(self) -> list[AccountState]:
        """The states by slot; some may not be in use."""
        return self._states.flat()

    def refcounts(self) -> list[int]:
        """By slot, how many customers have that state."""
        return self._refcounts.flat()

    def customers_in(self, slot: int) -> array[int]:
        """The numbers of the customers in ``slot``, ascending."""
        if self._customers is None:
            self._customers = self._group_customers()
        return self._customers[slot]

    def customers_in_any(self, slots: Sequence[int]) -> array[int]:
        """The numbers of the customers in any of ``slots``, ascending. Merging 61,000 takes 10 ms, 870,000 take 510 ms."""
        return array("I", sorted(chain.from_iterable(map(self.customers_in, slots))))

    def _group_customers(self) -> Chunks[array[int]]:
        numbers_by_slot = [array("I") for _ in self._states]
        append_to = [numbers.append for numbers in numbers_by_slot]
        for number, slot in enumerate(self._slots, 1):
            append_to[slot](number)
        return Chunks(numbers_by_slot)

    def _remove_customer(self, customer: int, slot: int) -> None:
        if self._customers is not None:
            left = self._customers[slot][:]  # forks may share this array
            del left[bisect_left(left, customer)]
            self._customers[slot] = left

    def _new_slot(self, state: AccountState, customer: int) -> int:
        self._states.append(state)
        self._refcounts.append(1)
        if self._customers is not None:
            self._customers.append(array("I", (customer,)))
        self.revision += 1
        return len(self._states) - 1

    def _own(self) -> None:
        if self._is_shared:
            self._states = self._states if self._owns_states else self._states.fork()
            self._refcounts, self._slots = self._refcounts.fork(), self._slots.fork()
            self._customers = None if self._customers is None else self._customers.fork()
            self._is_shared = False
