"""IEEE 754 without NumPy's warnings, and what the user asked NumPy to warn of left alone."""

import threading

import numpy as np
import pytest

from autograd import quiet as module
from autograd.quiet import quiet, quietly

ZERO = np.zeros(2)


def test_numpy_keeps_what_it_warns_of_where_it_is_looked_for():
    """Else nothing would be silenced: see `_silence`."""
    assert module._NONE is not None


def test_no_warning_inside_and_the_users_choice_afterwards():
    with np.errstate(divide="raise"):
        with quiet():
            assert np.isinf(1 / ZERO).all()
            with quiet():
                assert np.isnan(0 / ZERO).all()
            assert np.isinf(1 / ZERO).all()
        with pytest.raises(FloatingPointError):
            1 / ZERO
        assert np.isinf(quietly(np.divide, 1, ZERO)).all()
        with pytest.raises(FloatingPointError):
            1 / ZERO


def test_an_error_inside_ends_it_too():
    with np.errstate(divide="raise"):
        with pytest.raises(ZeroDivisionError), quiet():
            1 / 0  # noqa: B018
        with pytest.raises(ValueError, match="broadcast"):
            quietly(np.add, np.ones(2), np.ones(3))
        with pytest.raises(FloatingPointError):
            1 / ZERO


def test_other_threads_are_not_silenced():
    raised = []

    def divide():
        with np.errstate(divide="raise"):
            try:
                1 / ZERO
            except FloatingPointError as error:
                raised.append(error)

    with quiet():
        thread = threading.Thread(target=divide)
        thread.start()
        thread.join()
    assert len(raised) == 1
