// SPDX-License-Identifier: Apache-2.0
/** Contract tests for every binding, a reference model, assertions for tensors and explanations, and a leak check. */
module io.github.attribution4j.testkit {
    requires com.google.gson;
    requires transitive io.github.attribution4j.core;
    requires transitive org.assertj.core;
    requires transitive org.junit.jupiter.api;
    requires static java.management;
    requires static org.jspecify;

    exports io.github.attribution4j.testkit;
    exports io.github.attribution4j.testkit.contract;
    exports io.github.attribution4j.testkit.reference;

    uses io.github.attribution4j.testkit.Invariant;

    // JUnit calls the tests that a subclass of a contract inherits.
    opens io.github.attribution4j.testkit.contract to
            org.junit.platform.commons;
}
