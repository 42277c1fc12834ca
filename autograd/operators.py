"""Python's operators and PyTorch's method names, for every class of numbers that the table can read."""

from __future__ import annotations

from typing import Any, NoReturn

from . import ops

__all__ = ["Operators"]


class Operators:
    """The operators and named methods of a carrier; each is one row of the table."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return ops.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return ops.sub(self, other)

    def __rsub__(self, other: Any) -> Any:
        return ops.sub(other, self)

    def __mul__(self, other: Any) -> Any:
        return ops.mul(self, other)

    def __rmul__(self, other: Any) -> Any:
        return ops.mul(other, self)

    def __truediv__(self, other: Any) -> Any:
        return ops.div(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return ops.div(other, self)

    def __pow__(self, other: Any) -> Any:
        return ops.pow_(self, other)

    def __rpow__(self, other: Any) -> Any:
        return ops.pow_(other, self)

    def __neg__(self) -> Any:
        return ops.neg(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return ops.abs_(self)

    def __mod__(self, other: Any) -> NoReturn:
        raise TypeError("%: not differentiable at every whole quotient: write a - b * (a / b).floor(), if you mean it")

    __rmod__ = __divmod__ = __rdivmod__ = __mod__

    def __floordiv__(self, other: Any) -> NoReturn:
        raise TypeError("//: its derivative is 0 wherever it has one: write (a / b).floor(), if you mean it")

    __rfloordiv__ = __floordiv__

    def add(self, other: Any) -> Any:
        return ops.add(self, other)

    def sub(self, other: Any) -> Any:
        return ops.sub(self, other)

    def mul(self, other: Any) -> Any:
        return ops.mul(self, other)

    def div(self, other: Any) -> Any:
        return ops.div(self, other)

    def pow(self, other: Any) -> Any:
        return ops.pow_(self, other)

    def atan2(self, other: Any) -> Any:
        return ops.atan2(self, other)

    def hypot(self, other: Any) -> Any:
        return ops.hypot(self, other)

    def maximum(self, other: Any) -> Any:
        return ops.maximum(self, other)

    def minimum(self, other: Any) -> Any:
        return ops.minimum(self, other)

    def logaddexp(self, other: Any) -> Any:
        return ops.logaddexp(self, other)

    def neg(self) -> Any:
        return ops.neg(self)

    def exp(self) -> Any:
        return ops.exp(self)

    def expm1(self) -> Any:
        return ops.expm1(self)

    def log(self) -> Any:
        return ops.log(self)

    def log1p(self) -> Any:
        return ops.log1p(self)

    def sqrt(self) -> Any:
        return ops.sqrt(self)

    def cbrt(self) -> Any:
        return ops.cbrt(self)

    def square(self) -> Any:
        return ops.square(self)

    def reciprocal(self) -> Any:
        return ops.reciprocal(self)

    def abs(self) -> Any:
        return ops.abs_(self)

    def sign(self) -> Any:
        return ops.sign(self)

    def sin(self) -> Any:
        return ops.sin(self)

    def cos(self) -> Any:
        return ops.cos(self)

    def tan(self) -> Any:
        return ops.tan(self)

    def asin(self) -> Any:
        return ops.asin(self)

    def acos(self) -> Any:
        return ops.acos(self)

    def atan(self) -> Any:
        return ops.atan(self)

    def sinh(self) -> Any:
        return ops.sinh(self)

    def cosh(self) -> Any:
        return ops.cosh(self)

    def tanh(self) -> Any:
        return ops.tanh(self)

    def asinh(self) -> Any:
        return ops.asinh(self)

    def acosh(self) -> Any:
        return ops.acosh(self)

    def atanh(self) -> Any:
        return ops.atanh(self)

    def sigmoid(self) -> Any:
        return ops.sigmoid(self)

    def logsigmoid(self) -> Any:
        return ops.logsigmoid(self)

    def softplus(self) -> Any:
        return ops.softplus(self)

    def relu(self) -> Any:
        return ops.relu(self)

    def gelu(self) -> Any:
        return ops.gelu(self)

    def silu(self) -> Any:
        return ops.silu(self)

    def erf(self) -> Any:
        return ops.erf(self)

    def erfc(self) -> Any:
        return ops.erfc(self)

    def floor(self) -> Any:
        return ops.floor(self)

    def ceil(self) -> Any:
        return ops.ceil(self)

    def round(self) -> Any:
        return ops.round_(self)

    def leaky_relu(self, negative_slope: Any = 0.01) -> Any:
        return ops.leaky_relu(self, negative_slope)

    def elu(self, alpha: Any = 1.0) -> Any:
        return ops.elu(self, alpha)

    def clip(self, min: Any = None, max: Any = None) -> Any:  # noqa: A002 - PyTorch's names
        low = -ops.INF if min is None else min
        high = ops.INF if max is None else max
        return ops.clip(self, low, high)

    def conjugate(self) -> Any:
        """The number itself, since it is real; NumPy asks."""
        return self

    def where(self, condition: Any, other: Any) -> Any:
        """This number where the condition is true, else the other one."""
        return ops.where(condition, self, other)

    # The same under the names by which NumPy calls them on the elements of object arrays.
    arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
    arcsinh, arccosh, arctanh = asinh, acosh, atanh
    absolute, rint, clamp = abs, round, clip
