// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProgramIndexTest {
    static List<String> archives() {
        return Zoo.names();
    }

    private static TorchArchive archive(String name) {
        return TorchArchive.read(Zoo.file(name));
    }

    @ParameterizedTest
    @MethodSource("archives")
    void modulesAreThoseOfPyTorchInItsOrder(String archive) {
        List<String> expected = Expected.of(archive).modules();
        assertThat(ProgramIndex.of(archive(archive)).nodes())
                .extracting(ProgramIndex.Node::path)
                .containsExactlyElementsOf(expected);
        List<ModuleInfo> modules = Copies.of(archive(archive)).modules();
        for (int i = 0; i < expected.size(); i++) {
            assertThat(modules.get(i).index()).isEqualTo(i);
            assertThat(modules.get(i).path()).isEqualTo(expected.get(i));
        }
    }

    @Test
    void signatures() {
        assertThat(Signature.of(ProgramIndex.of(archive("optional_script.pt"))))
                .hasToString("forward(x: Tensor, bias: Optional[Tensor]=None, scale: float=2., mode: str=\"plain\") ->"
                        + " Tensor");
        Signature named = Signature.of(ProgramIndex.of(archive("named_script.pt")));
        assertThat(named.result())
                .isEqualTo(new Structure.TupleOf(
                        "__torch__.Out",
                        List.of("logits", "hidden", "aux"),
                        List.of(
                                new Structure.Tensor(),
                                new Structure.Optional(new Structure.Tensor()),
                                new Structure.TupleOf(
                                        "", List.of(), List.of(new Structure.Tensor(), new Structure.Tensor())))));
    }

    @Test
    void saysHowModulesAreCalled() {
        Instrumented lstm = Copies.of(archive("lstm_script.pt"));
        assertThat(lstm.module("lstm").calls()).singleElement().satisfies(call -> {
            assertThat(call.method()).isEqualTo("forward__0");
            assertThat(call.resultType()).hasToString("Tuple[Tensor, Tuple[Tensor, Tensor]]");
            assertThat(call.sites()).isEqualTo(1);
        });
        Instrumented traced = Copies.of(archive("reused_trace.pt"));
        assertThat(traced.module("fc").calls())
                .extracting(ModuleInfo.Call::method)
                .containsExactlyInAnyOrder("forward", "forward1", "forward2");
        Instrumented scripted = Copies.of(archive("reused_script.pt"));
        assertThat(scripted.module("fc").calls())
                .singleElement()
                .satisfies(c -> assertThat(c.sites()).isEqualTo(3));
        assertThat(scripted.module("fc").simpleType()).isEqualTo("Linear");
        assertThat(scripted.module("none")).isNull();
    }

    @Test
    void saysWhyAModuleCannotBeAddressed() {
        Instrumented program = Copies.of(archive("interfaces_script.pt"));
        assertThat(program.module("step").addressable()).isTrue();
        assertThat(program.module("step.fc").addressable()).isTrue();
        assertThat(program.module("steps.0").addressable()).isTrue();
        TorchArchive interfaces = archive("interfaces_script.pt");
        String twice = interfaces
                .code()
                .get("__torch__.py")
                .replace(
                        "    chosen : __torch__.Step = steps[k]\n",
                        "    if torch.eq(k, 1):\n      chosen : __torch__.Step = steps[1]\n    else:\n      chosen"
                                + " : __torch__.Step = steps[k]\n");
        assertThat(Copies.of(interfaces.withCode(Map.of("__torch__.py", twice)))
                        .module("steps.0")
                        .reason())
                .contains("chosen by a computed index");
        assertThat(Copies.of(archive("passing_trace.pt")).module("identity").reason())
                .contains("the trace left it neither tensor arguments nor a tensor result");
        assertThat(Copies.of(archive("containers_script.pt")).module("list").reason())
                .contains("has no forward of its own");
    }

    @Test
    void findsWhatPassesThroughATraceOnlyWhereTheTextAgreesWithTheClass() {
        TorchArchive archive = archive("handing_trace.pt");
        assertThat(Copies.of(archive).module("block.bn.drop").addressable()).isTrue();
        String path = "__torch__/timm/layers/norm_act.py";
        Map<String, String> edits = Map.of(
                "read by nobody", archive.code().get(path).replace("return x\n", "return torch.neg(argument_1)\n"),
                "read before",
                        archive.code().get(path).replace("    _0 = (drop)", "    z = torch.neg(x)\n    _0 = (drop)"),
                "not the last",
                        archive.code()
                                .get(path)
                                .replace("    _0 = (drop)", "    z = torch.neg(bias)\n    _0 = (drop)"));
        edits.forEach((edit, text) -> assertThat(Copies.of(archive.withCode(Map.of(path, text)))
                        .module("block.bn.drop")
                        .reason())
                .as(edit)
                .contains("does not say which value passes through"));
    }

    @Test
    void aSharedModuleIsKnownByItsOtherName() {
        Instrumented program = Copies.of(archive("aliases_script.pt"));
        assertThat(List.of("shown", "shown.fc", "shown.act"))
                .extracting(path -> program.module(path).alias())
                .containsExactly("called", "called.fc", "called.act");
        assertThat(program.module("three").alias()).isEmpty();
        assertThat(program.module("three").reason())
                .contains("the weights of 'two' and 'one', which the program calls");
        assertThat(List.of("like", "plain")).allSatisfy(path -> {
            assertThat(program.module(path).alias()).isEmpty();
            assertThat(program.module(path).reason()).contains("it is unused");
        });
        Instrumented traced = Copies.of(archive("aliases_trace.pt"));
        assertThat(traced.module("shown").addressable()).isTrue();
        assertThat(traced.module("called").alias()).isEmpty(); // Classes of a trace do not tell one module from two.
        assertThat(traced.module("called").reason()).contains("the weights of 'shown', which the program calls");
    }

    @Test
    void saysWhichCallsMayRunAgain() {
        Instrumented control = Copies.of(archive("control_script.pt"));
        assertThat(control.module("cell").calls()).allMatch(ModuleInfo.Call::repeated);
        assertThat(control.module("small").calls()).allMatch(ModuleInfo.Call::repeated);
        assertThat(control.module("large").calls()).noneMatch(ModuleInfo.Call::repeated);
        Instrumented reused = Copies.of(archive("reused_script.pt"));
        assertThat(reused.module("fc").calls()).noneMatch(ModuleInfo.Call::repeated);
    }

    @Test
    void reportsRepairs() {
        assertThat(Copies.of(archive("resize_script.pt")).repairs())
                .singleElement()
                .asString()
                .contains("operator _upsample_lanczos2d_aa is not in libtorch 2.7.1");
        assertThat(Copies.of(archive("mlp_script.pt")).repairs()).isEmpty();
    }

    @Test
    void refusesProgramsThatCannotBeCalled() {
        TorchArchive mlp = archive("mlp_trace.pt");
        String file = mlp.code().keySet().stream()
                .filter(k -> mlp.code().get(k).contains("class Mlp(Module)"))
                .findFirst()
                .orElseThrow();
        String text = mlp.code().get(file);
        assertThatThrownBy(() -> Copies.of(mlp.withCode(Map.of(file, text.replace("x: Tensor", "x: Device")))))
                .isInstanceOf(RewriteException.class)
                .hasMessageContaining("parameter 'x' of the model has type Device, which cannot be passed");
        assertThatThrownBy(() -> Copies.of(mlp.withCode(Map.of(file, text.replace("def forward", "def encode")))))
                .isInstanceOf(RewriteException.class)
                .hasMessageContaining("has no method 'forward' (methods: encode); choose one when loading");
        assertThatThrownBy(() -> Copies.of(mlp.withCode(Map.of(file, text.replace("class Mlp", "class Mlq")))))
                .isInstanceOf(RewriteException.class)
                .hasMessageContaining("which the archive does not define as a module");
        assertThatThrownBy(() -> Copies.of(Copies.of(mlp).archive()))
                .isInstanceOf(RewriteException.class)
                .hasMessageContaining("is an instrumented copy already");
    }
}
