// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.archive.StoredTensors;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Kind;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The parameters and buffers of a program: their list, their elements, and copies with others. */
final class TorchParameters {
    private final TorchModules modules;
    private final TorchAddresses addresses;
    private volatile @Nullable List<Parameter> list;

    TorchParameters(TorchModules modules, TorchAddresses addresses) {
        this.modules = modules;
        this.addresses = addresses;
    }

    /** All names, as in PyTorch's {@code state_dict()}. */
    List<String> names() {
        return modules.weights(StoredTensors::names);
    }

    Tensor read(String name) {
        return modules.weights(stored -> {
            if (!stored.has(name)) {
                throw new IllegalArgumentException(
                        "weight '" + name + "' does not exist; " + NearNames.hint(name, stored.names()));
            }
            StoredTensors.Elements elements = stored.read(name);
            return Tensors.ofJava().of(elements.bytes(), elements.type(), shape(elements.dims()));
        });
    }

    private static Shape shape(List<Long> dims) {
        return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    }

    /** Each tensor once, in the order in which the program's text uses their modules. */
    List<Parameter> list() {
        List<Parameter> known = list;
        if (known == null) {
            known = sorted(modules.weights(TorchParameters::stored));
            list = known;
        } else {
            modules.module().check();
        }
        return known;
    }

    private static List<StoredTensors.Stored> stored(StoredTensors tensors) {
        if (!tensors.packed().isEmpty()) {
            throw new UnsupportedModelException("parameters cannot be seen: '" + tensors.packed()
                    + "' is quantized or packed for the processor; load an archive of the model in floating point");
        }
        List<StoredTensors.Stored> stored = tensors.stored();
        if (stored.stream().noneMatch(StoredTensors.Stored::learned) && tensors.hasConstants()) {
            throw new UnsupportedModelException("parameters cannot be seen: the archive was frozen, so that its weights"
                    + " are constants of the program without names; load one that torch.jit.freeze has not changed");
        }
        return stored;
    }

    private List<Parameter> sorted(List<StoredTensors.Stored> stored) {
        Map<String, Integer> firstUse = new HashMap<>();
        for (Operation operation : addresses.operations()) {
            firstUse.merge(operation.module(), operation.order(), Math::min);
        }
        record Place(int use, Parameter parameter) {}
        List<Place> places = new ArrayList<>();
        int use = 0;
        for (StoredTensors.Stored each : stored) {
            // A module without operations of its own comes after the one that is declared before it.
            use = firstUse.getOrDefault(each.layer(), use);
            places.add(new Place(
                    use,
                    new Parameter(
                            each.name(),
                            each.otherNames(),
                            each.layer(),
                            each.learned() ? Kind.PARAMETER : Kind.BUFFER,
                            each.type(),
                            shape(each.dims()))));
        }
        return places.stream()
                .sorted(Comparator.comparingInt(Place::use))
                .map(Place::parameter)
                .toList();
    }

    /**
     * Runs a program for gradients by parameters.
     *
     * @throws UnsupportedModelException if a parameter is not learned, or shares a part of its elements
     */
    Pullback pullback(TorchProgram program, List<String> names, Inputs inputs) {
        List<Parameter> wanted = ParameterizedModel.learned(list(), names);
        Map<String, List<String>> tied = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            List<String> all = new ArrayList<>(wanted.get(i).otherNames());
            all.add(0, wanted.get(i).name());
            List<String> distinct = all.size() == 1 ? all : program.distinct(all);
            tied.put(names.get(i), distinct);
        }
        List<String> leaves = tied.values().stream().flatMap(List::stream).toList();
        Pullback pullback = program.pullbackTo(leaves, inputs);
        return leaves.equals(names) ? pullback : new TiedPullback(pullback, tied);
    }

    /**
     * Makes a copy.
     *
     * @param make makes the model of its program and of the changed parameters, which are of their own types
     */
    TorchScriptModel copy(
            Map<String, Tensor> values, BiFunction<TorchModules, Map<String, Tensor>, TorchScriptModel> make) {
        List<Parameter> known = list();
        Map<String, Tensor> given = ParameterizedModel.checked(known, values);
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> typed = new LinkedHashMap<>();
            Map<String, ByteBuffer> bytes = new HashMap<>();
            for (Parameter parameter : known) {
                Tensor value = given.get(parameter.name());
                if (value != null) {
                    Tensor own = value.dataType() == parameter.dataType() ? value : value.to(parameter.dataType());
                    typed.put(parameter.name(), own);
                    bytes.put(parameter.name(), own.toByteBuffer());
                }
            }
            TorchModules others = modules.with(modules.weights(stored -> stored.changed(bytes)));
            boolean complete = false;
            try {
                TorchScriptModel copy = make.apply(others, typed);
                complete = true;
                return copy;
            } finally {
                if (!complete) {
                    others.close();
                }
            }
        }
    }
}
