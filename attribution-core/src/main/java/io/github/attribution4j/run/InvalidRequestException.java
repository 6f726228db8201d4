// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import java.util.List;

/** A request cannot be computed. The message lists every problem found, each with its remedy. */
public final class InvalidRequestException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /**
     * Creates it.
     *
     * @param problems at least one, each naming the argument, its value, the rule and the remedy
     */
    public InvalidRequestException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Returns the problems one by one. */
    public List<String> problems() {
        return problems;
    }
}
