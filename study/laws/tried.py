"""What a law needs to be fitted and tried: fits go by it, and reports say by it how far a law may be asked."""

LEAST_VALUES = 3  # distinct values of each input: fewer leave nothing to tell noise from law
FEW_SETTINGS = 5  # below this, two parameters and a spread rest on two or fewer degrees of freedom
HELD_OUT = (0.1, 0.2, 0.3, 0.4, 0.5)  # shares of the range of log compute, from its top, left out in turn
