/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j;

/**
 * A switch by which another thread stops a {@link Run}. It takes effect before the next micro-batch; native compute that
 * is under way ends first.
 */
public final class Cancellation {
    private volatile boolean requested;

    /** Creates a switch that is off. */
    public Cancellation() {}

    /** Asks every run that holds this switch to stop. */
    public void cancel() {
        requested = true;
    }

    /** Returns whether {@link #cancel()} was called. */
    public boolean isCancelled() {
        return requested;
    }

    @Override
    public String toString() {
        return "Cancellation[" + (isCancelled() ? "cancelled" : "not cancelled") + "]";
    }
}
