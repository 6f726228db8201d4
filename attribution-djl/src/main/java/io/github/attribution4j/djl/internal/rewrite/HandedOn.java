// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the values that modules of a trace hand on. A trace keeps a call without arguments and without a result of a module that returns what it is given: {@code Identity}, stochastic depth in
 * evaluation mode, an activation that was configured away.
 *
 * <p>The text alone never says which value that was: it could be any that exists at this place, and the result could be thrown away. The class of the caller can say it, where its code is known. So
 * there is a table of such classes, those of {@code torch.nn}, torchvision and timm, and for all others no answer. And what the table says must agree with the text: the value is a single tensor
 * that the text computes and uses as the table implies.
 */
final class HandedOn {
    private static final Pattern PLAIN = Pattern.compile("int|float|bool|str");

    /**
     * Classes, then attributes whose result always takes the place of what they are given. {@code name}: they are given what was computed last; {@code name[1]}: item 1 of what was unpacked
     * last; {@code name:in}: the only argument of the caller. {@code *}: every member, in a row.
     */
    private static final String TABLE = """
            torch.nn.modules.container.Sequential *
            torchvision.ops.misc.Conv2dNormActivation *
            torchvision.ops.misc.Conv3dNormActivation *
            torchvision.ops.misc.ConvNormActivation *
            torchvision.ops.misc.MLP *
            torchvision.models.alexnet.AlexNet avgpool classifier
            torchvision.models.convnext.CNBlock stochastic_depth
            torchvision.models.convnext.ConvNeXt avgpool classifier
            torchvision.models.densenet.DenseNet classifier
            torchvision.models.efficientnet.EfficientNet avgpool classifier
            torchvision.models.efficientnet.FusedMBConv stochastic_depth
            torchvision.models.efficientnet.MBConv stochastic_depth
            torchvision.models.maxvit.MBConv stochastic_depth
            torchvision.models.maxvit.PartitionAttentionLayer partition_swap stochastic_dropout departition_swap
            torchvision.models.mobilenetv2.MobileNetV2 classifier
            torchvision.models.mobilenetv3.MobileNetV3 avgpool classifier
            torchvision.models.resnet.BasicBlock bn1 bn2
            torchvision.models.resnet.Bottleneck bn1 bn2 bn3
            torchvision.models.resnet.ResNet bn1 relu maxpool layer1 layer2 layer3 layer4 avgpool fc
            torchvision.models.swin_transformer.SwinTransformerBlock stochastic_depth
            torchvision.models.swin_transformer.SwinTransformerBlockV2 stochastic_depth
            torchvision.models.vgg.VGG avgpool classifier
            timm.layers.adaptive_avgmax_pool.SelectAdaptivePool2d flatten
            timm.layers.attention.Attention norm q_norm[0] k_norm[1]
            timm.layers.classifier.ClassifierHead drop fc flatten
            timm.layers.classifier.NormMlpClassifierHead norm pre_logits drop fc
            timm.layers.mlp.Mlp norm
            timm.layers.norm_act.BatchNormAct2d drop act
            timm.layers.patch_embed.PatchEmbed norm
            timm.models._efficientnet_blocks.ConvBnAct aa drop_path
            timm.models._efficientnet_blocks.DepthwiseSeparableConv aa se drop_path
            timm.models._efficientnet_blocks.EdgeResidual aa se drop_path
            timm.models._efficientnet_blocks.InvertedResidual aa se drop_path
            timm.models._efficientnet_blocks.UniversalInvertedResidual dw_mid se dw_end layer_scale drop_path
            timm.models.byobnet.BasicBlock attn attn_last drop_path shortcut:in act
            timm.models.byobnet.BottleneckBlock conv2b_kxk attn attn_last drop_path shortcut:in act
            timm.models.byobnet.ByobNet final_conv
            timm.models.byobnet.RepVggBlock drop_path attn act
            timm.models.edgenext.ConvBlock drop_path
            timm.models.edgenext.EdgeNeXt norm_pre
            timm.models.edgenext.EdgeNeXtStage downsample:in
            timm.models.edgenext.SplitTransposeBlock drop_path
            timm.models.ghostnet.GhostBottleneck se shortcut:in
            timm.models.levit.LevitBlock drop_path1 drop_path2
            timm.models.levit.LevitDownsample drop_path
            timm.models.levit.LevitStage downsample:in
            timm.models.metaformer.Downsampling norm:in
            timm.models.metaformer.MetaFormerBlock drop_path1 drop_path2 layer_scale1 layer_scale2
            timm.models.metaformer.MetaFormerStage downsample:in
            timm.models.metaformer.Stem norm
            timm.models.mlp_mixer.MixerBlock drop_path
            timm.models.mobilenetv3.MobileNetV3 norm_head act2 classifier
            timm.models.regnet.Bottleneck se drop_path downsample:in act3
            timm.models.regnet.RegNet final_conv
            timm.models.resnet.BasicBlock drop_block act1 aa se drop_path
            timm.models.resnet.Bottleneck drop_block act1 act2 aa se drop_path
            timm.models.resnet.ResNet act1 maxpool fc
            timm.models.vision_transformer.Block ls1 drop_path1 ls2 drop_path2
            timm.models.vision_transformer.VisionTransformer patch_drop norm_pre fc_norm head
            """;

    private static final Map<String, Map<String, String>> ROLES = roles();

    private final ProgramIndex index;
    private final String className;
    private final Stmt.Def method;
    private final Map<String, String> roles;
    private final StaticTypes types;
    private final Map<String, String> members = new HashMap<>();
    private final Set<String> used = new HashSet<>();
    private final IdentityHashMap<Stmt.Assign, String> found = new IdentityHashMap<>();
    private String last = "";
    private List<String> unpacked = List.of();
    private boolean started;

    private HandedOn(
            ProgramIndex index, StaticTypes types, String className, Stmt.Def method, Map<String, String> roles) {
        this.index = index;
        this.className = className;
        this.method = method;
        this.roles = roles;
        this.types = types;
    }

    private static Map<String, Map<String, String>> roles() {
        Map<String, Map<String, String>> all = new HashMap<>();
        TABLE.lines().forEach(line -> {
            Map<String, String> attributes = new HashMap<>();
            String[] words = line.split(" ", -1);
            for (int i = 1; i < words.length; i++) {
                int end = words[i].replace(':', '[').indexOf('[');
                String name = end < 0 ? words[i] : words[i].substring(0, end);
                attributes.put(name, words[i].substring(name.length()));
            }
            all.put(words[0], Map.copyOf(attributes));
        });
        return Map.copyOf(all);
    }

    /**
     * Looks through a method.
     *
     * @param types knows nothing yet
     * @return for each call of a module that hands on a known value, by identity: the variable with that value
     */
    static IdentityHashMap<Stmt.Assign, String> in(
            ProgramIndex index, StaticTypes types, String className, Stmt.Def method) {
        String name = className.replaceAll("\\.___torch_mangle_[0-9]+", "").replaceFirst("^__torch__\\.", "");
        Map<String, String> roles = ROLES.get(name);
        if (roles == null || !CallSite.counts(method.name())) {
            return new IdentityHashMap<>();
        }
        HandedOn search = new HandedOn(index, types, className, method, roles);
        search.search();
        return search.found;
    }

    private void search() {
        types.declare(method.parameters().get(0).name(), Type.of(className));
        method.parameters().stream()
                .skip(1)
                .forEach(p -> types.declare(p.name(), p.type() == null ? Type.TENSOR : p.type()));
        for (int i = 0; i < method.body().size(); i++) {
            Stmt statement = method.body().get(i);
            if (!(statement instanceof Stmt.Assign assign)) {
                forget();
            } else if (!isMember(assign)) {
                String attribute = silent(assign);
                if (attribute == null) {
                    computed(assign);
                } else {
                    String variable = variable(roles.getOrDefault(attribute, roles.containsKey("*") ? "" : "?"));
                    if (!variable.isEmpty()
                            && names(method.body().subList(i + 1, method.body().size()))
                                    .contains(variable)) {
                        found.put(assign, variable);
                    }
                }
            }
            used.addAll(names(List.of(statement)));
        }
    }

    private void forget() {
        last = "";
        unpacked = List.of();
        started = true;
    }

    /** Notes {@code x = self.member}. */
    private boolean isMember(Stmt.Assign assign) {
        types.assign(assign);
        if (assign.targets().size() != 1 || !(assign.targets().get(0) instanceof Expr.Name target)) {
            return false;
        }
        Expr value = assign.values().get(0);
        String self = method.parameters().get(0).name();
        if (value instanceof Expr.Attribute attribute
                && attribute.value() instanceof Expr.Name owner
                && owner.id().equals(self)) {
            member(target.id(), attribute.name());
            return true;
        }
        if (value instanceof Expr.Call call
                && Trees.dotted(call.callee()).equals("getattr")
                && call.arguments().get(0) instanceof Expr.Name owner
                && owner.id().equals(self)
                && call.arguments().get(1) instanceof Expr.Text text) {
            member(target.id(), text.value());
            return true;
        }
        // A part of a member, or a constant: nothing is computed.
        return value instanceof Expr.Attribute || Trees.dotted(value).startsWith("CONSTANTS.");
    }

    private void member(String variable, String attribute) {
        members.put(variable, attribute);
        String type = index.module(className).children().get(attribute);
        types.declare(variable, type == null ? null : Type.of(type));
    }

    /** The member that is called without arguments and gives nothing; null if the statement is something else. */
    private @Nullable String silent(Stmt.Assign assign) {
        if (assign.values().size() != 1
                || !(assign.values().get(0) instanceof Expr.Call call)
                || !call.arguments().isEmpty()
                || !(call.callee() instanceof Expr.Attribute callee)
                || !(callee.value() instanceof Expr.Parens receiver)) {
            return null;
        }
        String attribute = members.get(Trees.dotted(receiver.value()));
        String type =
                attribute == null ? null : index.module(className).children().get(attribute);
        Stmt.ClassDef definition = type == null ? null : index.definition(type);
        Stmt.Def called = definition == null ? null : definition.method(callee.name());
        boolean silent = called != null
                && CallSite.counts(callee.name())
                && called.parameters().size() == 1
                && ProgramIndex.resultType(called).name().equals("NoneType");
        return silent ? attribute : null;
    }

    private void computed(Stmt.Assign assign) {
        if (assign.targets().size() != 1 || !(assign.targets().get(0) instanceof Expr.Name target)) {
            forget();
            List<String> names = new ArrayList<>();
            assign.targets().forEach(t -> names.add(Trees.dotted(t)));
            unpacked = assign.unpack() ? names : List.of();
            return;
        }
        Type type = types.variable(target.id());
        boolean number = Trees.dotted(
                        assign.values().get(0) instanceof Expr.Call call
                                ? call.callee()
                                : assign.values().get(0))
                .equals("ops.prim.NumToTensor");
        if (type == null || number || !type.equals(Type.TENSOR)) {
            boolean plain = type != null && PLAIN.matcher(type.name()).matches();
            if (!plain) {
                forget();
            }
            return;
        }
        forget();
        last = target.id();
    }

    /** The variable that a role stands for here; empty if it is not certain. */
    private String variable(String role) {
        if (role.equals(":in") || (role.isEmpty() && roles.containsKey("*") && !started)) {
            List<String> tensors = method.parameters().stream()
                    .skip(1)
                    .filter(p -> p.type() == null || p.type().equals(Type.TENSOR))
                    .map(Stmt.Parameter::name)
                    .toList();
            return tensors.size() == 1 ? tensors.get(0) : "";
        }
        String variable = last;
        if (role.startsWith("[")) {
            int item = Integer.parseInt(role.substring(1, role.length() - 1));
            variable = item < unpacked.size() ? unpacked.get(item) : "";
        }
        boolean tensor = Type.TENSOR.equals(types.variable(variable));
        return role.equals("?") || !tensor || used.contains(variable) ? "" : variable;
    }

    /** The variables that statements read. */
    private static Set<String> names(List<Stmt> statements) {
        Set<String> names = new HashSet<>();
        for (Stmt statement : statements) {
            Stmt read = statement instanceof Stmt.Assign assign
                    ? new Stmt.Assign(List.of(), assign.unpack(), assign.type(), assign.values())
                    : statement;
            Trees.mapAll(List.of(read), expression -> {
                if (expression instanceof Expr.Name name) {
                    names.add(name.id());
                }
                return expression;
            });
        }
        return names;
    }
}
