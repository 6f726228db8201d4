// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.setting.Setting.Kind;
import java.util.Locale;

/** How the size of a change is measured. */
public enum Norm {
    /** The largest magnitude of a change of an element. */
    LINF,
    /** The Euclidean length of all changes. */
    L2;

    static final Kind<Norm> KIND = Kind.choice(Norm.class);

    /** Returns the norm of a vector; 0 if it has no elements. */
    public double of(double[] vector) {
        double largest = 0;
        for (double value : vector) {
            largest = Math.max(largest, Math.abs(value));
        }
        if (this == LINF || largest == 0) {
            return largest;
        }
        double squares = 0;
        for (double value : vector) {
            squares += value / largest * (value / largest);
        }
        return largest * Math.sqrt(squares);
    }

    /** Returns {@code linf} or {@code l2}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
