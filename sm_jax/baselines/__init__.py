"""What a reconstruction must beat: filters, a learned smoother, optimisation without a prior, each person alone.

One method a file, each of the form `method.Method`.
"""
