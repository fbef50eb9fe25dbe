//! Functions that the library leaves to the system, by plain arithmetic: a search takes the same turns on every machine.

/// The exponential function within 1e-9, by arithmetic that compilers turn into vectors; 0 below -700, and for at most 700.
///
/// `2^(k + f)` with `f` in [-0.5, 0.5]: the whole part goes into the exponent bits, the rest through a polynomial.
#[inline]
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "the exponent is between -1022 and 60"
)]
pub(crate) fn exp(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it rounds to a whole number.
    if x < -700.0 {
        return 0.0;
    }
    let y = x * std::f64::consts::LOG2_E;
    let shifted = y + SHIFT;
    let whole = shifted - SHIFT;
    let z = (y - whole) * std::f64::consts::LN_2;
    let series = 1.0
        + z * (1.0
            + z * (0.5
                + z * (1.0 / 6.0
                    + z * (1.0 / 24.0
                        + z * (1.0 / 120.0 + z * (1.0 / 720.0 + z * (1.0 / 5040.0 + z / 40320.0)))))));
    series * f64::from_bits(((whole as i64 + 1023) << 52) as u64)
}

/// The natural logarithm of a positive number that is neither subnormal nor infinite, within 1e-12.
///
/// `2^k * m` with `m` between the roots of 1/2 and 2: `ln m` is twice the area tangent of `(m - 1) / (m + 1)`, whose series falls by
/// more than thirty at each term.
fn ln(x: f64) -> f64 {
    const FRACTION: u64 = (1 << 52) - 1;
    debug_assert!(x.is_normal() && x > 0.0);
    let bits = x.to_bits();
    let mantissa = f64::from_bits(bits & FRACTION | 1023 << 52);
    let up = mantissa > std::f64::consts::SQRT_2;
    let mantissa = if up { 0.5 * mantissa } else { mantissa };
    let exponent = (bits >> 52) as i32 - 1023 + i32::from(up);
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let square = z * z;
    let mut series = 0.0;
    for divisor in [17, 15, 13, 11, 9, 7, 5, 3, 1] {
        series = series * square + 1.0 / f64::from(divisor);
    }
    f64::from(exponent) * std::f64::consts::LN_2 + 2.0 * z * series
}

/// A positive number to the power of another, within 1e-8: `f64::powf` may give other digits on other machines.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

#[cfg(test)]
mod tests {
    use super::{exp, ln, power};

    #[test]
    fn the_exponential_is_that_of_the_library() {
        for step in -6900..=600 {
            let x = f64::from(step) * 0.1 + 0.037;
            assert!((exp(x) / x.exp() - 1.0).abs() < 2e-9, "at {x}");
        }
        assert_eq!(exp(-1e9), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    }

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        for step in -600..=600 {
            let x = (f64::from(step) * 0.173).exp();
            assert!((ln(x) - x.ln()).abs() < 1e-12 * x.ln().abs().max(1.0), "at {x}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn powers_are_those_of_the_library() {
        for base in [0.02, 0.5, 1.0, 2.5, 10.0, 100.0, 5000.0] {
            for step in 0..=20 {
                let exponent = f64::from(step) * 0.05;
                assert!((power(base, exponent) / base.powf(exponent) - 1.0).abs() < 1e-8);
            }
        }
    }

    /// The same digits everywhere: what was worked out once.
    #[test]
    fn powers_have_these_bits() {
        assert_eq!(power(10.0, 0.37).to_bits(), 4_612_461_152_809_589_588);
    }
}
