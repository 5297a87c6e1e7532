// SPDX-License-Identifier: Apache-2.0
// Network and recipe files: what the shipped ones say, and one sentence for everything that is wrong.
#include <gtest/gtest.h>

#include <map>

#include "expect_input_error.hpp"
#include "tiny_files.hpp"
#include "train/json_reader.hpp"
#include "train/recipe.hpp"
#include "train/spec.hpp"

namespace flexor {
namespace {

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(NetworkFile, ResNetsAreThoseOfThePaper) {
  // He et al., table 6: layers and parameters (without batch norm) of the CIFAR-10 networks with option A.
  const struct {
    const char* name;
    int depth;
    std::int64_t weights;
  } known[] = {{"resnet20", 20, 268336}, {"resnet32", 32, 461872}, {"resnet56", 56, 848944}};
  for (const auto& network : known) {
    const std::vector<Layer> layers = layer_shapes(network_spec(network.name));
    ASSERT_EQ(static_cast<int>(layers.size()), network.depth);
    std::int64_t weights = 0;
    int shortcuts = 0;
    for (const Layer& layer : layers) {
      weights += layer.weights();
      shortcuts += layer.shortcut ? 1 : 0;
    }
    EXPECT_EQ(weights, network.weights) << network.name;
    EXPECT_EQ(shortcuts, (network.depth - 2) / 2);
    EXPECT_EQ(layers.back().input, (Shape{8, 8, 64}));
    EXPECT_EQ(layers.back().output, (Shape{1, 1, 10}));
  }
  const std::vector<Layer> layers = layer_shapes(network_spec("resnet20"));
  EXPECT_EQ(layers[2].shortcut->source, 0);
  EXPECT_EQ(layers[8].shortcut->source, 6);
  EXPECT_EQ(layers[8].shortcut->stride, 2);
  EXPECT_EQ(layers[8].shortcut->channel_offset, 8);
  EXPECT_EQ(layers[8].name, "stage2_1b");
}

TEST(NetworkFile, ResNet18AndVggSmallAreThoseOfThePapers) {
  // He et al., table 1: ResNet-18 for ImageNet has 11,689,512 parameters, of which 9,600 are batch norm's and 1,000 the last layer's bias.
  const std::vector<Layer> layers = layer_shapes(network_spec("resnet18"));
  std::int64_t weights = 0;
  int projections = 0;
  for (const Layer& layer : layers) {
    weights += layer.weights();
    projections += layer.projection ? 1 : 0;
  }
  EXPECT_EQ(weights, 11'689'512 - 9'600 - 1'000);
  EXPECT_EQ(projections, 3);
  EXPECT_EQ(layers[0].output, (Shape{112, 112, 64}));
  EXPECT_EQ(layers[1].kind, LayerKind::Pool);
  EXPECT_EQ(layers[1].output, (Shape{56, 56, 64}));
  EXPECT_EQ(layers.back().input, (Shape{7, 7, 512}));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (!layers[l].projection) continue;
    EXPECT_EQ(layers[l].activation_max, 127);
    EXPECT_EQ(layers[l + 1].input, layers[l].input) << "projection and first convolution read the same tensor";
    EXPECT_EQ(layers[l + 2].shortcut->source, static_cast<int>(l));
    EXPECT_EQ(layers[l + 2].output, layers[l].output);
  }
  // 2 x 128, 2 x 256, 2 x 512 channels, 8,192 inputs of the last layer.
  weights = 0;
  for (const Layer& layer : layer_shapes(network_spec("vgg-small"))) weights += layer.weights();
  EXPECT_EQ(weights, 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512) + 8192 * 10);
}

TEST(NetworkFile, PoolingAndProjectionsAreRefusedWithOneSentence) {
  const std::string network = R"({"name": "n", "input": [8, 8, 1], "layers": [
    {"name": "conv", "channels": 4, "kernel": 3, "padding": 1}, {"name": "pool", "kind": "pool", "kernel": 3, "stride": 2, "padding": 1},
    {"name": "p", "channels": 8, "projection": true}, {"name": "a", "channels": 8, "kernel": 3, "padding": 1, "back": 2},
    {"name": "b", "channels": 8, "kernel": 3, "padding": 1, "shortcut": {"back": 2}},
    {"name": "dense", "kind": "dense", "channels": 2, "global_average": true, "logits": true}]})";
  const std::vector<Layer> layers = layer_shapes(parse_network(network, "file"));
  EXPECT_EQ(layers[1].output, (Shape{4, 4, 4}));
  EXPECT_EQ(layers[1].activation_max, 255);
  const auto expect = [&network](const std::string& from, const std::string& to, const std::string& part) {
    test::expect_input_error([&] { layer_shapes(parse_network(changed(network, from, to), "file")); }, part);
  };
  expect("\"kind\": \"pool\"", "\"kind\": \"pool\", \"channels\": 4", "layer 2 of the list: there is no key \"channels\"");
  expect("\"stride\": 2, \"padding\": 1", "\"padding\": 3", "\"padding\" is 3, but 0 to 2");
  expect("\"kernel\": 3, \"stride\": 2, \"padding\": 1", "\"kernel\": 11", "layer pool: nothing is left of its 8x8 input");
  expect("\"padding\": 1, \"back\": 2", "\"padding\": 1", "layer a: it reads the projection p, but projections are only added");
  expect(", \"shortcut\": {\"back\": 2}", "", "layer p: it is a projection, but no layer adds it");
  expect("\"projection\": true", "\"projection\": true, \"activation_bits\": 1", "layer p: a projection needs at least 2 activation bits");
  expect("\"projection\": true", "\"projection\": true, \"max_pool\": true", "layer p: only a layer with weights that neither pools");
}

TEST(NetworkFile, KernelsNeedNotBeSquareNorPaddingEven) {
  const std::vector<Layer> layers = layer_shapes(parse_network(test::kUnevenNetwork, "file"));
  EXPECT_EQ(layers[0].kernel_height, 3);
  EXPECT_EQ(layers[0].kernel_width, 5);
  EXPECT_EQ(layers[0].padding, Padding(2, 0, 0, 4));
  EXPECT_EQ(layers[0].output, (Shape{8, 8, 8}));  // 8 + 2 - 3 + 1, 8 + 4 - 5 + 1
  EXPECT_EQ(layers[1].dilation, 2);
  EXPECT_EQ(layers[1].output, (Shape{9, 8, 8}));  // 8 + 3 - 3 + 1, 8 + 4 - 5 + 1
  EXPECT_EQ(layers[2].output, (Shape{4, 4, 8}));  // 9 x 8, halved
  EXPECT_EQ(layers[3].padding, Padding(0, 0, 0, 1));
  EXPECT_EQ(layers[3].output, (Shape{4, 4, 8}));
  EXPECT_TRUE(layers[4].padding.none());
  const auto expect = [](const std::string& from, const std::string& to, const std::string& part) {
    test::expect_input_error([&] { layer_shapes(parse_network(changed(test::kUnevenNetwork, from, to), "file")); }, part);
  };
  expect("[3, 5]", "[3, 5, 1]", "file, defaults: \"kernel\" must be one number, or 2 of them in brackets");
  expect("[2, 0, 0, 4]", "[2, 0]", "file, defaults: \"padding\" must be one number, or 4 of them in brackets");
  expect("[2, 0, 0, 4]", "[2, 0, 0, -4]", "file, defaults: \"padding\" is -4, but 0 to 210");
  expect("[2, 0, 0, 4]", "[2, 0, 0, 5]", "layer conv1: its padding is 5, but its kernel reaches over 5 pixels; take 4 or less");
  expect("\"dilation\": 2", "\"dilation\": 0", "\"dilation\" is 0, but 1 to 15");
  expect("\"stride\": 1, ", "", "its kernel is not square, so \"stride\" must be given");
}

TEST(NetworkFile, PlanesAreLayersThatAddUp) {
  const NetworkSpec spec = parse_network(test::kPlanesNetwork, "file");
  std::vector<std::string> names;
  for (const LayerSpec& layer : spec.layers) names.push_back(layer.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"conv1", "a1_plane2", "a1_plane1", "a1", "b1_plane1", "b1", "a2_plane1", "a2", "b2_plane3",
                                      "b2_plane2", "b2_plane1", "b2", "c_plane1", "c", "c_pool", "dense1_plane1", "dense1", "dense2"}));
  const std::vector<Layer> layers = layer_shapes(spec);
  const auto input = [&](std::size_t l) { return layers[l].source == kPreviousLayer ? static_cast<int>(l) - 1 : layers[l].source; };
  const auto added = [&](std::size_t l) { return layers[l].shortcut ? layers[l].shortcut->source : kPreviousLayer; };
  for (const std::size_t l : {1, 2, 3}) EXPECT_EQ(input(l), 0);
  for (const std::size_t l : {4, 5}) EXPECT_EQ(input(l), 3);
  for (const std::size_t l : {8, 9, 10, 11}) EXPECT_EQ(input(l), 7);
  for (const std::size_t l : {15, 16}) EXPECT_EQ(input(l), 14);
  EXPECT_FALSE(layers[1].shortcut);
  for (const std::size_t l : {2, 3, 5, 7, 9, 10, 11, 13, 16}) EXPECT_EQ(added(l), static_cast<int>(l) - 1);
  EXPECT_EQ(added(4), 0);
  EXPECT_EQ(added(8), 5) << "the output of b1";
  EXPECT_EQ(layers[8].shortcut->stride, 2);
  EXPECT_EQ(layers[8].shortcut->channel_offset, 2);
  // A sum of planes has 255 steps from -clip to clip, the output from 0 to clip: one of its steps is two of the output's.
  EXPECT_DOUBLE_EQ(spec.layers[4].shortcut->scale, 0.75 / 2);
  EXPECT_DOUBLE_EQ(spec.layers[5].shortcut->scale, 2);
  EXPECT_DOUBLE_EQ(spec.layers[10].shortcut->scale, 1);
  EXPECT_DOUBLE_EQ(spec.layers[8].gain, 0.125);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const bool plane = names[l].find("_plane") != std::string::npos;
    EXPECT_EQ(layers[l].projection, plane);
    EXPECT_EQ(layers[l].activation_max, plane ? 127 : 255);
  }
  EXPECT_EQ(layers[13].output, (Shape{4, 4, 8}));
  EXPECT_EQ(layers[14].kind, LayerKind::Pool);
  EXPECT_EQ(layers[14].output, (Shape{2, 2, 8}));
}

TEST(NetworkFile, PlanesAreRefusedWithOneSentence) {
  const auto expect = [](const std::string& from, const std::string& to, const std::string& part) {
    test::expect_input_error([&] { layer_shapes(parse_network(changed(test::kPlanesNetwork, from, to), "file")); }, part);
  };
  expect("\"digits\": 6, ", "", "layer dense2: logits and global averages have one plane of weights; give it \"planes\": 1 or \"digits\"");
  expect("\"channels\": 12", "\"channels\": 12, \"global_average\": true", "layer dense1: logits and global averages have one plane");
  expect("\"scale\": 0.75}", "\"scale\": 9}, \"activation_bits\": 2",
         "layer b1: its shortcut is too large for the 8 bits of a sum of planes");
  expect("\"name\": \"c\"", "\"name\": \"a1_plane1\"", "there are two layers \"a1_plane1\"");
  expect("\"planes\": 4", "\"planes\": 5", "layer 5 of the list: \"planes\" is 5, but 1 to 4");
}

// The first layer's planes read the pixels, too, so that they keep their order.
TEST(NetworkFile, PixelsThatSeveralLayersReadAreNotRowStacked) {
  EXPECT_TRUE(layer_shapes(parse_network(test::kPlanesNetwork, "file"))[0].stack_rows);
  const std::vector<Layer> layers = layer_shapes(parse_network(changed(test::kPlanesNetwork, ", \"digits\": 8", ""), "file"));
  EXPECT_EQ(layers[1].source, kNetworkInput);
  EXPECT_FALSE(layers[0].stack_rows);
}

TEST(NetworkFile, RefusesWithOneSentence) {
  ASSERT_NO_THROW(layer_shapes(parse_network(test::kTinyNetwork, "file")));
  const auto expect = [](const std::string& from, const std::string& to, const std::string& part) {
    test::expect_input_error([&] { layer_shapes(parse_network(changed(test::kTinyNetwork, from, to), "file")); }, part);
  };
  expect("[8, 8, 1]", "[8, 8]", "file: \"input\" must be [height, width, channels]");
  expect("[8, 8, 1]", "[0, 8, 1]", "file: \"input\" must be");
  expect("\"name\": \"tiny\",", "", "file: \"name\" is missing");
  expect("\"clip\": 6", "\"klip\": 6", "file, defaults: there is no key \"klip\"; known are");
  expect("\"clip\": 6", "\"clip\": -6", "file, defaults: \"clip\" is -6, but 0.001 to");
  expect("\"clip\": 6", "\"planes\": 5", "file, defaults: \"planes\" is 5, but 1 to 4");
  expect("\"digits\": 8}", "\"digits\": 9}", "file, layer 1 of the list: \"digits\" is 9, but 0 to 8");
  expect("\"digits\": 8}", "\"digits\": 1.5}", "\"digits\" is 1.5, but it must be whole");
  expect("\"digits\": 8}", "\"digits\": \"8\"}", "\"digits\" must be a number");
  expect("\"channels\": 4, \"digits\": 8", "\"digits\": 8", "file, layer 1 of the list: \"channels\" is missing");
  expect("\"repeat\": 2", "\"repeat\": 0", "file, layer 2 of the list: \"repeat\" is 0");
  expect("\"a#\"", "\"conv\"", "file, layer 2 of the list, layer 1 of the list: there are two layers \"conv\"");
  expect("\"a#\"", "\"a.#\"", "has a dot");
  expect("{\"back\": 2,", "{\"back\": 9,", "shortcut: \"back\" is 9");
  expect("\"kind\": \"dense\"", "\"kind\": \"attention\"", "kind \"attention\" is unknown");
  expect(", \"logits\": true", "", "file: the last layer must have \"logits\": true");
  expect("\"a#\", \"channels\": 4", "\"a#\", \"channels\": 4, \"logits\": true", "file: only the last layer may");
  expect("\"a#\", \"channels\": 4", "\"a#\", \"channels\": 4, \"kernel\": 11, \"padding\": 0",
         "layer a1: nothing is left of its 8x8 input");
  expect("\"b#\", \"channels\": 4", "\"b#\", \"channels\": 3", "layer b1: its shortcut brings 8x8x4 to an output of 8x8x3");
  test::expect_input_error([] { parse_network("{", "file"); }, "file: it is not JSON");
  test::expect_input_error([] { parse_network("[]", "file"); }, "file: must be an object in braces");
}

TEST(RecipeFile, EveryShippedOneNamesANetworkThatExists) {
  ASSERT_GE(shipped_names("recipes").size(), 7U);
  for (const std::string& name : shipped_names("recipes")) {
    const Recipe recipe = load_recipe(name);
    EXPECT_EQ(recipe.name, name);
    const NetworkSpec spec = network_spec(recipe.network);
    const std::map<std::string, Shape> images{
        {"mnist", {28, 28, 1}}, {"cifar10", {32, 32, 3}}, {"tinyimagenet", {64, 64, 3}}, {"imagenet", {224, 224, 3}}};
    EXPECT_EQ(spec.input, images.at(recipe.data)) << name;
    EXPECT_EQ(layer_codes(recipe, spec, 0.4).size(), spec.layers.size());
  }
}

TEST(RecipeFile, RatesGoToLayersByName) {
  Recipe recipe = parse_recipe(test::kTinyRecipe, "file");
  NetworkSpec spec = parse_network(test::kTinyNetwork, "file");
  spec.layers[2].rate = 0.2;
  recipe.rates["a2"] = 0.8;
  std::vector<int> stored;
  for (const Code& code : layer_codes(recipe, spec, 0.4)) stored.push_back(code.n_in);
  EXPECT_EQ(stored, (std::vector<int>{8, 12, 4, 16, 8, 8}));  // conv a1 b1 a2 b2 dense
}

TEST(RecipeFile, RefusesWithOneSentence) {
  const auto expect = [](const std::string& from, const std::string& to, const std::string& part) {
    test::expect_input_error([&] { parse_recipe(changed(test::kTinyRecipe, from, to), "file"); }, part);
  };
  expect("\"epochs\": 12", "\"epochs\": 0", "file: \"epochs\" is 0, but 1 to");
  expect("\"epochs\": 12", "\"epoch\": 4", "file: there is no key \"epoch\"");
  expect("\"data\": \"mnist\",", "", "file: \"data\" is missing");
  expect("\"momentum\"", "\"lion\"", "file, latent: optimiser \"lion\" is unknown; choose adam or momentum");
  expect("\"rate\": 0.002", "\"rate\": true", "file, digit: \"rate\" must be a number");
  expect("\"flip\": true", "\"flip\": 1", "file, augmentation: \"flip\" must be true or false");
  expect("\"flip\": true", "\"shift\": 2", "file, augmentation: crop, flip and window cannot be combined");
  expect("\"flip\": true", "\"resized_crop\": 0.5", "file, augmentation: resized_crop can only be combined with flip");
  expect("\"flip\": true", "\"window\": -1", "file, augmentation: \"window\" is -1");
  expect("{\"a\": 0.6}", "{\"a\": 1.6}", "file, rates: \"a\" is 1.6");
}

}  // namespace
}  // namespace flexor
