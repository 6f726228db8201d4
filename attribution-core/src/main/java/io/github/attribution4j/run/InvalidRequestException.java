// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

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

    /** Collects all problems of a request, so that one exception can list them. */
    public static final class Problems {
        private final List<String> found = new ArrayList<>();

        /** Creates an empty collection. */
        public Problems() {}

        /** Adds a problem: the argument, its value, the rule, the remedy, in one line. */
        public void add(String problem) {
            found.add(problem);
        }

        /** Adds a problem unless a condition holds. */
        public void require(boolean condition, String problem) {
            if (!condition) {
                add(problem);
            }
        }

        /** Runs a check and, if it throws, adds the message. */
        public void collect(Runnable check) {
            found(() -> {
                check.run();
                return Optional.empty();
            });
        }

        /** Runs a check and returns its result. If it throws, adds the message and returns an empty result. */
        public <T> Optional<T> found(Supplier<Optional<T>> check) {
            try {
                return check.get();
            } catch (InvalidRequestException e) {
                found.addAll(e.problems());
            } catch (IllegalArgumentException e) {
                found.add(String.valueOf(e.getMessage()));
            }
            return Optional.empty();
        }

        /** Adds all problems of another collection. */
        public void addAll(Problems others) {
            found.addAll(others.found);
        }

        /**
         * Ends the collection.
         *
         * @throws InvalidRequestException listing all problems, if there are any
         */
        public void throwIfAny() {
            if (!found.isEmpty()) {
                throw new InvalidRequestException(found);
            }
        }

        /** Returns the problems found so far. */
        @Override
        public String toString() {
            return "Problems" + found;
        }
    }
}
