// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

/**
 * Conversions between sRGB and OKLab, blending, and contrast.
 *
 * <p>Björn Ottosson, "A perceptual color space for image processing", 2020, https://bottosson.github.io/posts/oklab/.
 */
public final class OkLab {

    private OkLab() {}

    public static double[] fromRgb(int rgb) {
        double r = linear((rgb >> 16 & 0xff) / 255.0);
        double g = linear((rgb >> 8 & 0xff) / 255.0);
        double b = linear((rgb & 0xff) / 255.0);
        double l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
        double m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
        double s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
        return new double[] {
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
        };
    }

    public static int toRgb(double[] lab) {
        double l = cube(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]);
        double m = cube(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]);
        double s = cube(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2]);
        int r = gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
        int g = gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
        int b = gamma(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
        return r << 16 | g << 8 | b;
    }

    private static double cube(double x) {
        return x * x * x;
    }

    private static double linear(double c) {
        return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    }

    private static int gamma(double c) {
        double s = c <= 0.0031308 ? 12.92 * c : 1.055 * Math.pow(c, 1 / 2.4) - 0.055;
        return (int) Math.rint(255 * Math.min(1, Math.max(0, s)));
    }

    /** Returns {@code (1 − opacity)·under + opacity·over} for each channel, as browsers and Java2D blend. */
    public static int blend(int under, int over, double opacity) {
        int out = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            double mixed = (1 - opacity) * (under >> shift & 0xff) + opacity * (over >> shift & 0xff);
            out |= (int) Math.rint(mixed) << shift;
        }
        return out;
    }

    /** Returns the relative luminance of WCAG 2, 0 to 1. */
    public static double luminance(int rgb) {
        return 0.2126 * linear((rgb >> 16 & 0xff) / 255.0)
                + 0.7152 * linear((rgb >> 8 & 0xff) / 255.0)
                + 0.0722 * linear((rgb & 0xff) / 255.0);
    }

    /** Returns near black or white, whichever has more contrast with the background. */
    public static int ink(int background) {
        double y = luminance(background);
        return (y + 0.05) / (luminance(Style.INK) + 0.05) >= 1.05 / (y + 0.05) ? Style.INK : 0xffffff;
    }

    public static String css(int rgb) {
        return String.format(java.util.Locale.ROOT, "#%06x", rgb);
    }
}
