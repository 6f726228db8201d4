// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * The progress of one evaluation, reported after each micro-batch on the thread that computes.
 *
 * @param method name of the method
 * @param rowsDone rows evaluated of the current stage
 * @param rowsTotal rows of the current stage
 * @param elapsedNanos time since the run started
 */
public record Progress(String method, long rowsDone, long rowsTotal, long elapsedNanos) {}
