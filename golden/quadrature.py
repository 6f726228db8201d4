# SPDX-License-Identifier: Apache-2.0
"""Nodes and weights of Gauss and Legendre on [0, 1] for many nodes, in 40 digits, for QuadratureTest.

python golden/quadrature.py > attribution-core/src/test/resources/gauss-legendre.csv

A root is found by Newton's method from an asymptotic guess, in numbers of 40 digits: P by its three-term recurrence in 1 - x, so
that no digit is lost next to 1.
"""

from mpmath import cos, mp, mpf, nstr, pi, sin

mp.dps = 40


def legendre(n, t):
    """P[n](1 - t) and P[n](1 - t) - P[n - 1](1 - t)."""
    value, difference = 1 - t, -t
    for m in range(1, n):
        difference = (m * difference - (2 * m + 1) * t * value) / (m + 1)
        value += difference
    return value, difference


def root(n, k):
    """Node k and its weight."""
    half = n + mpf(1) / 2
    angle = pi * (k + mpf(3) / 4) / half
    angle += cos(angle) / sin(angle) / (8 * half**2)
    t = 2 * sin(angle / 2) ** 2
    for _ in range(9):
        value, difference = legendre(n, t)
        derivative = n * (t * value - difference) / (t * (2 - t))
        step = value / derivative
        t += step
        if abs(step) < mpf(10) ** -25 * t:
            break
    return t / 2, 1 / (t * (2 - t) * derivative**2)


if __name__ == "__main__":
    print("n,k,node,weight")
    for n in (7000, 20000, 100001):
        for k in (0, 3, 11, 12, 15, 40, n // 4, n // 2 - 1):
            node, weight = root(n, k)
            print(f"{n},{k},{nstr(node, 20)},{nstr(weight, 20)}")
