// SPDX-License-Identifier: Apache-2.0
// What a user's module requires to explain, to draw, and to test a binding. Open, because JUnit makes its tests.
open module io.github.attribution4j.modules {
    requires io.github.attribution4j.testkit;
    requires io.github.attribution4j.visual;
}
