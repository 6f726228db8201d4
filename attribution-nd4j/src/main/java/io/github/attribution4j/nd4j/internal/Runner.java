// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.ModelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.RandomOp;
import org.nd4j.linalg.api.ops.ReduceOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.BaseCompatOp;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.api.ops.impl.shape.CreateView;
import org.nd4j.linalg.api.ops.impl.shape.tensorops.BaseTensorOp;
import org.nd4j.linalg.api.ops.impl.transforms.custom.Assign;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs operations, one at a time, for one thread. Holds ND4J's context of each operation, which ND4J frees only when
 * the garbage collector has seen it; so a runner is used again, and not made for each run.
 */
final class Runner {
    /** Operations that do nothing at inference. SameDiff would drop numbers in every run. */
    private static final Set<String> IDLE = Set.of("dropout", "dropout_inverted", "alpha_dropout");

    /** Operations among those of random numbers that draw none. */
    private static final Set<String> REGULAR = Set.of("linspace", "lin_space", "range");

    /** Operations whose settings are kernel sizes, then strides. */
    private static final Set<String> WINDOWS = Set.of(
            "conv1d",
            "conv2d",
            "conv3dnew",
            "deconv2d",
            "deconv3d",
            "depthwise_conv2d",
            "sconv2d",
            "maxpool2d",
            "avgpool2d",
            "maxpool3dnew",
            "avgpool3dnew");

    private final Map<Step, OpContext> contexts = new HashMap<>();

    /** Returns why an operation of a graph cannot be run here; null if it can. */
    static @Nullable String refusal(Graph graph, Step step) {
        DifferentialFunction operation = step.operation();
        if (isIdentity(step)) {
            return null;
        }
        if (operation instanceof BaseCompatOp
                || operation.getClass().getSimpleName().equals("Invoke")) {
            return "loops, branches and calls of SameDiff are not run here: write the steps out";
        }
        if (operation instanceof BaseTensorOp) {
            return "lists of tensors (TensorArray) are not run here: stack the tensors";
        }
        if (operation instanceof Assign || operation instanceof CreateView) {
            return "it changes another value in place, or is a window into one, which is not run here";
        }
        if (step.kind().equals("repeat")) {
            return "it ends the process in ND4J 1.0.0-M2.1; tile does the same";
        }
        if (operation instanceof ExternalErrorsFunction) {
            return "it is for training";
        }
        if (operation instanceof DynamicCustomOp custom && !stepsForward(step.kind(), custom.iArgs())) {
            return "its window has a stride of less than 1: the file is damaged, or the graph is wrong";
        }
        boolean settings = takesAxes(operation, step.inputs().size())
                || takesScalar(operation, step.inputs().size());
        if (settings && graph.constant(step.inputs().get(1)) == null) {
            return "its axis or scalar is computed by the graph: make it a constant";
        }
        return operation instanceof DynamicCustomOp || operation instanceof Op ? null : "it is unknown here";
    }

    /** Returns whether the windows of an operation have strides; native code divides by them. */
    private static boolean stepsForward(String kind, long[] settings) {
        if (!WINDOWS.contains(kind)) {
            return true;
        }
        int axes = kind.contains("1d") ? 1 : kind.contains("3d") ? 3 : 2;
        return Arrays.stream(settings).skip(axes).limit(axes).allMatch(stride -> stride > 0);
    }

    /** Returns whether an operation hands its first input on, as dropout does at inference. */
    static boolean isIdentity(Step step) {
        return step.operation() instanceof Identity || IDLE.contains(step.kind());
    }

    /** Returns whether the second input of an operation of the older kind is a setting: the axes of a reduction. */
    static boolean takesAxes(DifferentialFunction operation, int inputs) {
        return inputs == 2 && operation instanceof ReduceOp reduce && reduce.getOpType() != Op.Type.REDUCE3;
    }

    /** Returns whether the second input of an operation of the older kind is a setting: its scalar. */
    private static boolean takesScalar(DifferentialFunction operation, int inputs) {
        return inputs == 2 && operation instanceof ScalarOp;
    }

    /** Returns whether an operation draws random numbers. */
    static boolean draws(Step step) {
        return !isIdentity(step)
                && !REGULAR.contains(step.kind())
                && (step.operation() instanceof RandomOp
                        || step.operation().getClass().getPackageName().contains(".ops.random"));
    }

    /**
     * Runs an operation.
     *
     * @param inputs one array for each of {@link Step#inputs}, which are not changed
     * @return new arrays, one for each of {@link Step#outputs}
     * @throws ModelException if the operation fails
     */
    INDArray[] run(Step step, INDArray[] inputs) {
        if (isIdentity(step)) {
            return new INDArray[] {inputs[0].dup('c')};
        }
        if (step.isWarm()) {
            return exec(step, inputs);
        }
        synchronized (step) {
            INDArray[] outputs = exec(step, inputs);
            step.warmed();
            return outputs;
        }
    }

    private INDArray[] exec(Step step, INDArray[] inputs) {
        OpContext context =
                contexts.computeIfAbsent(step, key -> Nd4j.getExecutioner().buildContext());
        List<INDArray> made = new ArrayList<>();
        try {
            INDArray[] outputs = step.operation() instanceof DynamicCustomOp custom
                    ? custom(step, custom, inputs, context, made)
                    : legacy(step, (Op) step.operation(), inputs, context, made);
            made.clear();
            return outputs;
        } catch (OutOfMemoryError e) {
            throw new ModelException.OutOfMemory("ND4J has no memory for " + step.described(), e);
        } catch (ModelException e) {
            throw e;
        } catch (RuntimeException e) {
            throw failure(step, inputs, e);
        } finally {
            made.forEach(Runner::free);
            context.purge();
        }
    }

    private static ModelException failure(Step step, INDArray[] inputs, RuntimeException e) {
        String shapes = String.join(
                ", ",
                Arrays.stream(inputs)
                        .map(input -> Arrays.toString(input.shape()))
                        .toList());
        String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        return new ModelException(step.described() + " fails on inputs of shapes " + shapes + ": " + said, e);
    }

    private static INDArray[] custom(
            Step step, DynamicCustomOp custom, INDArray[] inputs, OpContext context, List<INDArray> made) {
        context.setArgs(inputs, custom.iArgs(), custom.dArgs(), custom.tArgs(), custom.bArgs());
        List<LongShapeDescriptor> shapes = custom.calculateOutputShape(context);
        if (shapes.size() != step.outputs().size()) {
            throw new ModelException(step.described() + ": ND4J does not tell the shapes of its results");
        }
        for (int i = 0; i < shapes.size(); i++) {
            LongShapeDescriptor shape = shapes.get(i);
            DataType type = step.types().get(i);
            if (shape.dataType() != type) {
                shape = shape.asDataType(type);
            }
            INDArray output = allocate(shape);
            made.add(output);
            context.setOutputArray(i, output);
        }
        Nd4j.getExecutioner().exec(custom, context);
        return made.toArray(new INDArray[0]);
    }

    private static INDArray allocate(LongShapeDescriptor shape) {
        return shape.isEmpty()
                ? Nd4j.create(shape)
                : Nd4j.createUninitializedDetached(shape.dataType(), shape.getShape());
    }

    /** Runs an operation of the older kind, whose settings are part of its object. */
    private static INDArray[] legacy(
            Step step, Op operation, INDArray[] inputs, OpContext context, List<INDArray> made) {
        boolean axes = takesAxes(step.operation(), inputs.length);
        boolean scalar = takesScalar(step.operation(), inputs.length);
        if (axes && !step.isWarm()) {
            step.operation().setDimensions(Shape.normalizeAxis(inputs[0].rank(), inputs[1].toIntVector()));
        } else if (scalar && !step.isWarm()) {
            ((ScalarOp) operation).setScalar(inputs[1]);
        }
        INDArray x = inputs[0];
        context.setInputArray(0, x);
        if (inputs.length == 2 && !axes && !scalar) {
            context.setInputArray(1, inputs[1]);
        }
        List<LongShapeDescriptor> shapes = ((DifferentialFunction) operation).calculateOutputShape(context);
        LongShapeDescriptor shape = shapes.get(0);
        INDArray z = Nd4j.createUninitializedDetached(step.types().get(0), shape.getShape());
        made.add(z);
        if (operation instanceof BaseReduceOp reduce && isLeftOut(x, z)) {
            widened(reduce, x, z, context);
        } else {
            context.setOutputArray(0, z);
            Nd4j.getExecutioner().exec(operation, context);
        }
        return new INDArray[] {z};
    }

    /**
     * Returns whether ND4J would leave the result as it was: it takes a reduction of a vector over an axis of one
     * element for no operation, and then copies into the array of the object, which has none here.
     */
    private static boolean isLeftOut(INDArray x, INDArray z) {
        return x.isVector() && x.length() == z.length() && z.length() > 1;
    }

    /** Reduces a vector that has one axis more, so that it is none for ND4J. */
    private static void widened(BaseReduceOp reduce, INDArray x, INDArray z, OpContext context) {
        int rank = x.rank();
        int[] dimensions = reduce.dimensions().toIntVector();
        for (int dimension : dimensions) {
            if (dimension < 0 || dimension >= rank) {
                throw new ModelException(reduce.opName() + " over axes " + Arrays.toString(dimensions)
                        + " of a vector: ND4J has no result for it; name the axes from the front");
            }
        }
        long[] wide = Arrays.copyOf(x.shape(), rank + 2);
        wide[rank] = 1;
        wide[rank + 1] = 1;
        long[] result = Arrays.copyOf(z.shape(), z.rank() + 2);
        result[z.rank()] = 1;
        result[z.rank() + 1] = 1;
        context.setInputArray(0, x.reshape('c', wide));
        context.setOutputArray(0, z.reshape('c', result));
        Nd4j.getExecutioner().exec((Op) reduce, context);
    }

    /** Frees an array now and not when the garbage collector sees it. */
    static void free(INDArray array) {
        if (!array.wasClosed() && array.closeable()) {
            array.close();
        }
    }
}
