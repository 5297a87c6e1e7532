// SPDX-License-Identifier: Apache-2.0
#include "train/loop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <set>

#include "expect_input_error.hpp"
#include "golden/golden.hpp"
#include "tiny.hpp"
#include "train/augment.hpp"
#include "train/export.hpp"

namespace flexor {
namespace {

Schedule short_schedule() { return {.epochs = 3, .batch = 16}; }

TEST(TrainLoop, LearnsWithEveryMethodAndRate) {
  for (const int n : {8, 12, 20}) {
    Trainable model(test::tiny_spec(), nested_code(n), Method::Nearest, 1);
    const EpochResult last = test::train_stripes(model, short_schedule());
    EXPECT_EQ(last.epoch, 3);
    EXPECT_GT(last.test_accuracy, 90) << "nearest, n = " << n;
  }
  Hyper hyper = usual_hyper(Method::Eq6);
  hyper.latent.rate = 1e-3;
  Trainable model(test::tiny_spec(), std::vector<Code>(2, random_tap_code(20, 8, 2, 1)), hyper, 1);
  EXPECT_GT(test::train_stripes(model, short_schedule()).test_accuracy, 90) << "eq6";
}

TEST(TrainLoop, LearnsRealWeights) {
  Trainable model(test::tiny_residual_spec(), identity_code(20), Method::Real, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 6, .batch = 16}).test_accuracy, 90);
}

TEST(TrainLoop, CodewordsTakeThePlaceOfLatentsBitByBit) {
  Hyper hyper = usual_hyper(Method::Nearest);
  hyper.hardening = 0.5;
  Trainable model(test::tiny_spec(), std::vector<Code>(2, nested_code(8)), hyper, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 4, .batch = 16}).test_accuracy, 90);
  EncryptedLayer dense = model->layers()[1];
  const torch::Tensor hard = dense->weight().detach();
  EXPECT_TRUE(torch::equal(hard.abs(), torch::ones_like(hard))) << "the second half of a run trains what the engine decrypts";
  // The latents of the first slices, place by place: hardness c + (1 - hardness) u / mean |u|, in double precision.
  dense->set_hardness(0.25);
  const torch::Tensor latent = model->named_parameters()["dense.latent"].detach().to(torch::kDouble);
  const torch::Tensor soft = dense->weight().detach().to(torch::kDouble);
  const double mean = latent.abs().mean().item<double>();
  const std::shared_ptr<const SliceMap> map = slice_map({}, dense->shape(), {});
  const torch::Tensor flat = soft.reshape({-1});
  const torch::Tensor signs = hard.to(torch::kDouble).reshape({-1});
  for (std::int64_t i = 0; i < latent.numel(); ++i) {
    const std::int64_t place = map->position[static_cast<std::size_t>(i)];
    if (place < 0) continue;
    const double expected = 0.25 * signs[place].item<double>() + 0.75 * latent.reshape({-1})[i].item<double>() / mean;
    ASSERT_NEAR(flat[place].item<double>(), expected, 1e-5);
  }
  const torch::NoGradGuard guard;
  EXPECT_TRUE(torch::equal(dense->weight(), hard)) << "evaluation sees the codewords alone";
}

TEST(TrainLoop, LossWithATeacherIsTheFormula) {
  const torch::Tensor logits = torch::tensor({{1.5, -0.5, 0.25}, {-2.0, 0.75, 3.0}}, torch::kDouble);
  const torch::Tensor answers = torch::tensor({{0.5, 1.0, -1.0}, {0.0, -1.5, 2.0}}, torch::kDouble);
  const std::vector<int> labels = {2, 1};
  constexpr double kShare = 0.3, kT = 2.5;
  const auto softmax = [](const torch::Tensor& row, double t) {
    std::vector<double> p;
    double sum = 0;
    for (int c = 0; c < 3; ++c) p.push_back(std::exp(row[c].item<double>() / t)), sum += p.back();
    for (double& value : p) value /= sum;
    return p;
  };
  double expected = 0;
  for (int i = 0; i < 2; ++i) {
    expected -= (1 - kShare) * std::log(softmax(logits[i], 1)[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])]) / 2;
    const auto teacher = softmax(answers[i], kT), student = softmax(logits[i], kT);
    for (std::size_t c = 0; c < 3; ++c) expected += kShare * kT * kT * teacher[c] * std::log(teacher[c] / student[c]) / 2;
  }
  const torch::Tensor wanted = torch::tensor({2, 1}, torch::kLong);
  const Teacher teacher{.share = kShare, .temperature = kT};
  EXPECT_NEAR(training_loss(logits, wanted, answers, teacher).item<double>(), expected, 1e-12);
  EXPECT_EQ(training_loss(logits, wanted, {}, teacher).item<double>(), torch::nn::functional::cross_entropy(logits, wanted).item<double>());
}

// Labels that say nothing: all that can be learned is what the teacher knows.
TEST(TrainLoop, LearnsFromATeacher) {
  Trainable teacher(test::tiny_spec(), identity_code(20), Method::Real, 1);
  ASSERT_GT(test::train_stripes(teacher, {.epochs = 12, .batch = 16}).test_accuracy, 90);
  Dataset train = test::stripes(320, 1);
  for (std::size_t i = 0; i < train.labels.size(); ++i) train.labels[i] = static_cast<std::uint8_t>(i % 2);
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 2);
  const Schedule schedule{.epochs = 4, .batch = 16, .teacher = {.network = teacher, .share = 1, .temperature = 2}};
  RunState state = begin_run(model, train, schedule);
  double accuracy = 0;
  train_loop(model, train, test::stripes(200, 2), schedule, state,
             {[&](const EpochResult& r, const RunState&) { accuracy = r.test_accuracy; }, {}});
  EXPECT_GT(accuracy, 90);
}

// Latents are the real weights to scale, kept within the box; all else is as it was left.
TEST(TrainLoop, BeginsWhereRealWeightsEnded) {
  constexpr double kSize = 0.05, kBox = 0.08;
  Trainable real(test::tiny_residual_spec(), identity_code(20), Method::Real, 1);
  test::train_stripes(real, {.epochs = 6, .batch = 16});
  Hyper hyper = usual_hyper(Method::Nearest);
  hyper.start_size = kSize;
  hyper.latent_box = kBox;
  Trainable model(test::tiny_residual_spec(), std::vector<Code>(6, nested_code(12)), hyper, 2);
  model->begin_from(*real);
  for (const auto& item : real->named_parameters()) {
    const torch::Tensor from = item.value().detach().to(torch::kDouble).reshape({-1});
    const torch::Tensor to = model->named_parameters()[item.key()].detach().to(torch::kDouble).reshape({-1});
    ASSERT_EQ(from.numel(), to.numel());
    const bool scaled = item.key().ends_with(".latent") && item.key() != "conv1.latent" && item.key() != "dense.latent";
    double squares = 0;
    for (std::int64_t i = 0; i < from.numel(); ++i) squares += from[i].item<double>() * from[i].item<double>();
    const double factor = scaled ? kSize / std::sqrt(squares / static_cast<double>(from.numel())) : 1;
    bool bounded = false;
    for (std::int64_t i = 0; i < from.numel(); ++i) {
      const double wanted = from[i].item<double>() * factor;
      bounded = bounded || (scaled && std::abs(wanted) > kBox);
      ASSERT_NEAR(to[i].item<double>(), scaled ? std::clamp(wanted, -kBox, kBox) : wanted, 1e-7) << item.key();
    }
    EXPECT_EQ(bounded, scaled) << item.key();
  }
}

// Weights as they are in the file, and the same function of them.
TEST(TrainLoop, BeginsAsAModelFile) {
  const Dataset data = test::stripes(320, 1);
  const torch::Tensor images = image_batch(data, 0, data.count);
  for (const NetworkSpec& spec : {test::tiny_spec(), test::tiny_residual_spec(), test::tiny_projection_spec()}) {
    const std::vector<Code> codes(spec.layers.size(), nested_code(12));
    Trainable first(spec, codes, usual_hyper(Method::Nearest), 1);
    test::train_stripes(first, {.epochs = 3, .batch = 16});
    const Network network = to_network(first, "first");
    Trainable model(spec, codes, usual_hyper(Method::Nearest), 2);
    model->begin_from(network, images);
    EXPECT_TRUE(model->is_training());
    const Network again = to_network(model, "again");
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& from = network.layers[l];
      const Layer& to = again.layers[l];
      for (int p = 0; p < static_cast<int>(from.planes.size()); ++p) {
        EXPECT_EQ(decrypt_weights(network, from, p), decrypt_weights(again, to, p)) << spec.name << ", " << from.name;
      }
      if (from.shortcut) {
        EXPECT_EQ(from.shortcut->multiplier, to.shortcut->multiplier);
      }
      for (std::size_t m = 0; m < from.real_scale.size(); ++m) {
        EXPECT_NEAR(to.real_scale[m], from.real_scale[m], 1e-5 * from.real_scale[m]) << spec.name << ", " << from.name;
        EXPECT_NEAR(to.real_bias[m], from.real_bias[m], 0.01) << spec.name << ", " << from.name;
      }
    }
    // A training step normalises with its own minibatch: with all images that is what the file does.
    const torch::NoGradGuard guard;
    const torch::Tensor trained = model->forward(images);
    model->eval();
    EXPECT_LT((trained - model->forward(images)).abs().max().item<double>(), 0.05) << spec.name;
  }
}

// Channel 2 of `a2` and of what is added to it becomes channel 0: the same function, in slices of another shape too.
TEST(TrainLoop, BeginsAsAModelFileWhoseShortcutsBeginElsewhere) {
  const Dataset data = test::stripes(320, 1);
  const torch::Tensor images = image_batch(data, 0, data.count);
  NetworkSpec spec = test::tiny_residual_spec();
  LayerSpec after{.name = "a3", .channels = 8, .kernel = 3, .padding = 1, .clip = 6};  // reads channels in the other order
  spec.layers.insert(spec.layers.end() - 1, after);
  after.name = "b3";
  after.shortcut = ShortcutSpec{.source = 4};
  spec.layers.insert(spec.layers.end() - 1, after);
  Trainable first(spec, identity_code(20), Method::Nearest, 1);
  test::train_stripes(first, {.epochs = 3, .batch = 16});
  const Network network = to_network(first, "first");
  ASSERT_EQ(network.layers[4].shortcut->channel_offset, 2);

  spec.slice = {16, 2};
  test::expect_input_error([&] { layer_shapes(spec); }, "layer b2: its shortcut begins at channel 2, but with slices of 16x2");
  spec.layers[4].shortcut->channel_offset = 0;
  Trainable model(spec, identity_code(32), Method::Nearest, 2);
  model->begin_from(network, images);
  const Network again = to_network(model, "again");
  EXPECT_EQ(again.slice, (SliceShape{16, 2}));
  EXPECT_EQ(again.layers[4].shortcut->channel_offset, 0);
  // Channels 2..5 of the first are 0..3, then come 0, 1, 6, 7.
  const int order[] = {2, 3, 4, 5, 0, 1, 6, 7};
  const Golden before(network), now(again);
  int differing = 0;
  for (int i = 0; i < 50; ++i) {
    const auto wanted = before.run(data.image(i)), found = now.run(data.image(i));
    for (const std::size_t l : {std::size_t{4}, std::size_t{6}}) {
      for (std::size_t v = 0; v < found[l].size(); ++v) {
        const std::size_t pixel = v / 8 * 8;
        const int difference = std::abs(found[l][v] - wanted[l][pixel + static_cast<std::size_t>(order[v % 8])]);
        EXPECT_LE(difference, 2);  // multiplier and bias are rounded anew
        differing += difference > 0 ? 1 : 0;
      }
    }
    EXPECT_EQ(now.classify(data.image(i)), before.classify(data.image(i)));
  }
  EXPECT_LT(differing, 50 * 2 * 16 * 8 / 20);
}

TEST(TrainLoop, AModelFileToBeginWithHasTheSameLayers) {
  const Trainable first(test::tiny_residual_spec(), nested_code(12), Method::Nearest, 1);
  const Network network = to_network(first, "first");
  const torch::Tensor images = image_batch(test::stripes(32, 1), 0, 32);
  NetworkSpec spec = test::tiny_residual_spec();
  for (LayerSpec& layer : spec.layers) layer.activation_bits = layer.logits ? layer.activation_bits : 4;  // which may differ
  Trainable coarse(spec, nested_code(8), Method::Nearest, 2);                                             // as rates may
  coarse->begin_from(network, images);
  const auto refused = [&](const NetworkSpec& other, const std::string& part) {
    Trainable model(other, nested_code(12), Method::Nearest, 2);
    test::expect_input_error([&] { model->begin_from(network, images); }, part);
  };
  refused(test::tiny_spec(), "model first does not have the layers of network tiny (6 of them, not 2); give a model of the same network");
  spec.layers[0].digits = 7;
  refused(spec, "(conv1 is another layer)");
  spec = test::tiny_residual_spec();
  spec.layers[2].shortcut.reset();
  refused(spec, "(b1 is another layer)");
  spec = test::tiny_residual_spec();
  spec.layers[2].shortcut->source = 1;  // another layer of the same shape
  refused(spec, "(b1 is another layer)");
  spec = test::tiny_residual_spec();
  spec.layers[2].source = 0;
  refused(spec, "(b1 is another layer)");
}

TEST(TrainLoop, LearnsAResidualNetworkWithEitherOptimiser) {
  for (const auto kind : {Group::Kind::Adam, Group::Kind::Momentum}) {
    Hyper hyper;
    hyper.latent = {.kind = kind, .rate = 0.01};
    Schedule schedule = short_schedule();
    schedule.epochs = 4;
    Trainable model(test::tiny_residual_spec(), std::vector<Code>(6, nested_code(8)), hyper, 1);
    EXPECT_GT(test::train_stripes(model, schedule).test_accuracy, 90);
  }
}

TEST(TrainLoop, LearnsWithRoundedConvolutions) {
  Schedule schedule = short_schedule();
  schedule.bfloat16 = true;
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(test::train_stripes(model, schedule).test_accuracy, 90);
}

TEST(TrainLoop, SameSeedGivesTheSameNetwork) {
  torch::set_num_threads(1);
  std::vector<torch::Tensor> first;
  for (int run = 0; run < 2; ++run) {
    Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 9);
    Schedule schedule = short_schedule();
    schedule.epochs = 1;
    schedule.augmentation = Augmentation{};
    test::train_stripes(model, schedule);
    if (run == 0) {
      first = model->parameters();
      continue;
    }
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(torch::equal(first[i], model->parameters()[i]));
  }
}

TEST(TrainLoop, LossThatIsNoNumberStopsWithOneSentence) {
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  {
    const torch::NoGradGuard guard;
    model->named_parameters()["dense.gain"].fill_(std::nan(""));
  }
  test::expect_input_error([&] { test::train_stripes(model, short_schedule()); }, "the loss is not a number in epoch 1, step 1");
}

TEST(TrainLoop, HiddenLayerThatIsNoNumberReachesTheLoss) {
  Trainable model(test::tiny_residual_spec(), nested_code(8), Method::Nearest, 1);
  {
    const torch::NoGradGuard guard;
    model->named_parameters()["a1.gain"][2].fill_(std::nan(""));
  }
  test::expect_input_error([&] { test::train_stripes(model, short_schedule()); }, "the loss is not a number in epoch 1, step 1");
}

TEST(Augment, CropsCutThePaddedImage) {
  Dataset data = test::stripes(1, 3);
  data.shape = {4, 8, 2};
  std::mt19937_64 random(5);
  std::vector<float> to(64);
  bool mirrored_seen = false;
  for (int trial = 0; trial < 200; ++trial) {
    crop_and_flip(data.image(0), data.shape, {.crop = 2, .flip = true}, random, to.data());
    int matches = 0;
    for (int top = -2; top <= 2; ++top) {
      for (int left = -2; left <= 2; ++left) {
        for (const bool mirrored : {false, true}) {
          bool same = true;
          for (int i = 0; i < 64; ++i) {
            const int c = i / 32, y = i / 8 % 4 + top, x = (mirrored ? 7 - i % 8 : i % 8) + left;
            const bool inside = y >= 0 && y < 4 && x >= 0 && x < 8;
            same = same && to[static_cast<std::size_t>(i)] == (inside ? data.image(0)[(y * 8 + x) * 2 + c] : 0);
          }
          matches += same ? 1 : 0;
          mirrored_seen = mirrored_seen || (same && mirrored);
        }
      }
    }
    ASSERT_EQ(matches, 1) << "trial " << trial;
  }
  EXPECT_TRUE(mirrored_seen);
}

TEST(Augment, WindowIsAPartOfTheImage) {
  Dataset data = test::stripes(1, 3);
  std::iota(data.pixels.begin(), data.pixels.end(), std::uint8_t{1});  // every pixel says where it is
  const Augmentation limits{.window = 5, .window_share = 1};
  EXPECT_EQ(cut_shape(data.shape, limits), (Shape{5, 5, 1}));
  std::mt19937_64 random(7);
  std::vector<float> to(25);
  std::set<int> corners;
  for (int trial = 0; trial < 400; ++trial) {
    crop_and_flip(data.image(0), data.shape, limits, random, to.data());
    const int corner = static_cast<int>(to[0]) - 1;
    corners.insert(corner);
    for (int i = 0; i < 25; ++i) ASSERT_EQ(to[static_cast<std::size_t>(i)], static_cast<float>(corner + 1 + i / 5 * 8 + i % 5));
  }
  EXPECT_EQ(corners.size(), 16U);  // 4 x 4 places
}

TEST(TrainLoop, WindowsComeFirstAndWholeImagesFollow) {
  Trainable model(test::tiny_residual_spec(), nested_code(8), Method::Nearest, 1);
  Schedule schedule = short_schedule();
  schedule.augmentation = Augmentation{.flip = true, .window = 6, .window_share = 0.5};
  const EpochResult last = test::train_stripes(model, schedule);
  EXPECT_EQ(last.epoch, schedule.epochs);
  EXPECT_GT(last.test_accuracy, 60);
}

TEST(Loader, GivesEveryImageOnceAndTheSameBatchesForTheSameState) {
  const Dataset data = test::stripes(70, 4);
  DataState a;
  a.order.resize(70);
  std::iota(a.order.begin(), a.order.end(), 0);
  DataState b = a;
  for (int epoch = 0; epoch < 2; ++epoch) {
    Loader left(data, a, 16, Augmentation{.crop = 1, .flip = true});
    Loader right(data, b, 16, Augmentation{.crop = 1, .flip = true});
    ASSERT_EQ(left.batches(), 4);
    for (int n = 0; n < 4; ++n) {
      const Batch one = left.next();
      const Batch other = right.next();
      EXPECT_TRUE(torch::equal(one.images, other.images));
      EXPECT_TRUE(torch::equal(one.labels, other.labels));
    }
  }
  EXPECT_EQ(a.random, b.random);
  std::vector<int> sorted = a.order;
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i < 70; ++i) EXPECT_EQ(sorted[static_cast<std::size_t>(i)], i);
  Loader unread(data, a, 16, std::nullopt);  // may be left before its end
}

TEST(Loader, NeitherWorkersNorPartsChangeTheMinibatches) {
  const Dataset data = test::stripes(70, 4);
  DataState state;
  state.order.resize(70);
  std::iota(state.order.begin(), state.order.end(), 0);
  std::vector<DataState> states(4, state);
  const Augmentation changes{.crop = 1, .flip = true};
  Loader one(data, states[0], 16, changes);
  Loader three(data, states[1], 16, changes, {.workers = 3});
  Loader left(data, states[2], 16, changes, {.workers = 2, .part = 0, .parts = 2});
  Loader right(data, states[3], 16, changes, {.workers = 1, .part = 1, .parts = 2});
  for (int n = 0; n < one.batches(); ++n) {
    const Batch whole = one.next();
    EXPECT_TRUE(torch::equal(whole.images, three.next().images));
    const Batch first = left.next(), second = right.next();
    EXPECT_TRUE(torch::equal(whole.images, torch::cat({first.images, second.images})));
    EXPECT_TRUE(torch::equal(whole.labels, torch::cat({first.labels, second.labels})));
    EXPECT_FALSE(torch::equal(first.images, second.images));
  }
}

TEST(Augment, RandomPartsHaveAShareAndProportions) {
  std::mt19937_64 random(11);
  double smallest = 1, largest = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const Box part = random_part(60, 80, 0.25, random);
    EXPECT_GE(part.top, 0);
    EXPECT_GE(part.left, 0);
    EXPECT_LE(part.top + part.height, 60 + 1e-9);
    EXPECT_LE(part.left + part.width, 80 + 1e-9);
    EXPECT_LE(std::abs(std::log(part.width / part.height)), std::log(4.0 / 3) + 1e-9);
    const double share = part.width * part.height / (60 * 80);
    EXPECT_GE(share, 0.25 - 1e-9);
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
  }
  EXPECT_LT(smallest, 0.3);
  EXPECT_GT(largest, 0.9);
  const Box slim = random_part(4, 400, 1, random);  // nothing of the whole area fits
  EXPECT_EQ(slim.width, 4);
  EXPECT_EQ(slim.left, 198);
}

TEST(Augment, MirrorTurnsEveryRow) {
  std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  mirror({2, 3, 2}, values.data());
  EXPECT_EQ(values, (std::vector<float>{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}));
}

TEST(Augment, WithoutLimitsIsTheImage) {
  const Dataset data = test::stripes(1, 3);
  std::mt19937_64 random(1);
  std::vector<float> changed(64);
  std::vector<float> same(64);
  augment(data.image(0), data.shape, {.shift = 0, .rotation = 0, .scale = 0, .shear = 0}, random, changed.data());
  plain(data.image(0), data.shape, same.data());
  EXPECT_EQ(changed, same);
}

TEST(Augment, KeepsPixelsWholeAndInRange) {
  const Dataset data = test::stripes(20, 4);
  std::mt19937_64 random(2);
  std::vector<float> to(64);
  for (int i = 0; i < data.count; ++i) {
    augment(data.image(i), data.shape, {}, random, to.data());
    for (const float value : to) ASSERT_TRUE(value >= 0 && value <= 255 && value == std::floor(value)) << value;
  }
}

TEST(TrainLoop, BetweenEpochsTheFirstTestImagesAreEnough) {
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  const Dataset train = test::stripes(320, 1);
  Dataset data = test::stripes(200, 2);
  for (std::size_t i = 20; i < data.labels.size(); ++i) data.labels[i] ^= 1;  // all but the first 20 are wrong
  const Schedule schedule{.epochs = 4, .batch = 16, .test_images = 20};
  RunState state = begin_run(model, train, schedule);
  std::vector<double> found;
  train_loop(model, train, data, schedule, state, {[&](const EpochResult& r, const RunState&) { found.push_back(r.test_accuracy); }, {}});
  EXPECT_GT(found.at(2), 90);
  EXPECT_LT(found.at(3), 20);
}

}  // namespace
}  // namespace flexor
