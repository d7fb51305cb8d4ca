"""How good a reconstruction is: plain numpy in float64, one value per sequence, the unit in the name.

Shapes are those of `sm_jax.types`: P = 2 people, T frames, J joints (any set), lengths in metres on the way in.
A function returns nan where a mask leaves nothing to average; no value is ever silently zero.
"""
