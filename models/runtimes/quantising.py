"""Networks in 8 bits, by NNCF: first in bytes throughout, then with more left as it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from jaxtyping import Float
from torch import Tensor

CHEAP = 0.04  # of a network's multiplications: what costs so little is left as it is, least first
RARE = 1e-4  # of a tensor's values at either end are clipped, for a finer grid


def quantised(model: Any, values: Float[Tensor, "n ..."]) -> Iterator[Any]:
    """OpenVINO's `model` in bytes, closer to what it was each time, and slower.

    Ranges and biases are fitted to `values`, the network's input. Weights use 7 of the 8 bits: where a
    processor adds up products of bytes in 16 bits (AVX2, AVX-512 without VNNI) more would overflow.
    """
    import nncf
    import rich

    logging.getLogger("nncf").setLevel(logging.WARNING)
    rich.get_console().quiet = True  # NNCF's bars of progress are not ours
    rows = nncf.Dataset([row[None].numpy() for row in values])
    for names, types in _left_out(model):
        yield nncf.quantize(
            model,
            rows,
            subset_size=len(values),
            ignored_scope=nncf.IgnoredScope(names=names, types=types, validate=False),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE, activations_range_estimator_params=_ranges()
            ),
        )


def _left_out(model: Any) -> list[tuple[list[str], list[str]]]:
    """Names and types of operations that stay as they are, attempt by attempt.

    A product with a whole matrix (a latent's first layer) is cheap and needs its precision. So are the
    convolutions of the lowest resolutions. What follows an enlargement is signed and reaches far, and in sums
    the errors of all blocks before add up.
    """
    convolutions = [op for op in model.get_ordered_ops() if op.get_type_name() == "Convolution"]
    costs = {op.get_friendly_name(): _multiplications(op) for op in convolutions}
    cheap, spent = list[str](), 0.0
    for name, cost in sorted(costs.items(), key=lambda entry: entry[1]):
        spent += cost
        if spent <= CHEAP * sum(costs.values()):
            cheap.append(name)
    enlarging = [
        op.get_friendly_name()
        for op in convolutions
        if op.input_value(0).get_node().get_type_name() == "Interpolate"
    ]
    return [([], ["MatMul"]), (sorted({*cheap, *enlarging}), ["MatMul", "Add"])]


def _multiplications(convolution: Any) -> float:
    """Of one value, up to a factor that is the same for all."""
    weights = convolution.input(1).get_partial_shape()
    places = list(convolution.output(0).get_partial_shape())[2:]
    product = 1.0
    for side in [*weights, *places]:
        product *= side.get_length()
    return product


def _ranges() -> Any:
    """From the least to the greatest value but for the rarest: a mean over pictures clips pure colours."""
    from nncf.quantization import range_estimator as ranges

    def bound(aggregator: Any) -> Any:
        return ranges.StatisticsCollectorParameters(
            statistics_type=ranges.StatisticsType.QUANTILE,
            aggregator_type=aggregator,
            quantile_outlier_prob=RARE,
        )

    return ranges.RangeEstimatorParameters(
        min=bound(ranges.AggregatorType.MIN), max=bound(ranges.AggregatorType.MAX)
    )
