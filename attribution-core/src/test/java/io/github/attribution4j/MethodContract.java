// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.testkit.contract.AttributionContract;
import java.util.OptionalDouble;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * The contract of a method, for classes that run it for one case after the other.
 *
 * @param <M> the models of the cases
 */
public abstract class MethodContract<M extends Model> extends AttributionContract<M> {
    private final Case<M> tried;

    /** Reports of some tools number the cases. */
    @RegisterExtension
    final TestExecutionExceptionHandler namesTheCase = (context, failure) -> {
        failure.addSuppressed(new AssertionError("the case is: " + tried()));
        throw failure;
    };

    protected MethodContract(Case<M> tried) {
        this.tried = tried;
    }

    private Case<M> tried() {
        return tried;
    }

    @Override
    protected final Attribution<? super M> method() {
        return tried.method;
    }

    @Override
    protected final M model() {
        return tried.model.get();
    }

    @Override
    protected final Inputs inputs(M model, int examples) {
        return tried.inputs.apply(examples);
    }

    @Override
    protected final Target target() {
        return tried.target;
    }

    @Override
    protected final boolean random() {
        return tried.random;
    }

    @Override
    protected final OptionalDouble completeness() {
        return tried.completeness;
    }

    @Override
    protected final double batchTolerance() {
        return tried.batchTolerance;
    }

    /** Where methods are tried. */
    public record Setting<M extends Model>(
            Supplier<M> model, IntFunction<Inputs> inputs, Target target, double batchTolerance) {
        /** Of class 0, unless {@link #target} tells another, and to six digits. */
        public Setting(Supplier<M> model, IntFunction<Inputs> inputs) {
            this(model, inputs, Target.index(0), 1e-6);
        }

        public Setting<M> target(Target explained) {
            return new Setting<>(model, inputs, explained, batchTolerance);
        }

        public Setting<M> batchTolerance(double fraction) {
            return new Setting<>(model, inputs, target, fraction);
        }

        public Setting<M> model(Supplier<M> other) {
            return new Setting<>(other, inputs, target, batchTolerance);
        }

        /** Returns the case of a method that draws nothing and claims no completeness. */
        public Case<M> of(String name, Attribution<? super M> method) {
            return new Case<>(name, method, model, inputs, target, false, OptionalDouble.empty(), batchTolerance);
        }
    }

    /** A method, and what is to hold for it. */
    public record Case<M extends Model>(
            String name,
            Attribution<? super M> method,
            Supplier<M> model,
            IntFunction<Inputs> inputs,
            Target target,
            boolean random,
            OptionalDouble completeness,
            double batchTolerance) {
        public Case<M> target(Target explained) {
            return new Case<>(name, method, model, inputs, explained, random, completeness, batchTolerance);
        }

        /** The seed makes a difference. */
        public Case<M> drawn() {
            return new Case<>(name, method, model, inputs, target, true, completeness, batchTolerance);
        }

        /** Attributions are complete up to a fraction of the largest difference of scores. */
        public Case<M> completeTo(double fraction) {
            return new Case<>(name, method, model, inputs, target, random, OptionalDouble.of(fraction), batchTolerance);
        }

        public Case<M> batchTolerance(double fraction) {
            return new Case<>(name, method, model, inputs, target, random, completeness, fraction);
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
