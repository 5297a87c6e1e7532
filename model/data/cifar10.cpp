// SPDX-License-Identifier: Apache-2.0
#include "data/cifar10.hpp"

#include <fmt/format.h>
#include <lzma.h>

#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <string_view>

#include "code/error.hpp"
#include "data/sha256.hpp"

namespace flexor {
namespace {

constexpr int kSide = 32;
constexpr int kColours = 3;
constexpr int kArea = kSide * kSide;
constexpr std::size_t kRecord = 1 + kColours * kArea;

struct KnownBatch {
  std::string_view name;
  std::string_view sha256;  // of the uncompressed file
};

constexpr std::array kTrainBatches{KnownBatch{"data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
                                   KnownBatch{"data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
                                   KnownBatch{"data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
                                   KnownBatch{"data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
                                   KnownBatch{"data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"}};
constexpr std::array kTestBatches{KnownBatch{"test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"}};

std::filesystem::path find(const std::filesystem::path& folder, std::string_view name) {
  std::error_code ignored;
  for (const auto& place : {folder, folder / "cifar10", folder / "cifar-10-batches-bin"}) {
    for (const char* ending : {"", ".xz"}) {
      std::filesystem::path file = place / (std::string(name) + ending);
      if (std::filesystem::is_regular_file(file, ignored)) return file;
    }
  }
  throw InputError(
      fmt::format("CIFAR-10 file '{}' (or '{}.xz') is neither in '{}' nor in its folder 'cifar10'; get it with scripts/get_data", name,
                  name, folder.string()));
}

std::vector<std::uint8_t> unpack_xz(const std::vector<std::uint8_t>& packed, const std::filesystem::path& file) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_ret result = lzma_stream_decoder(&stream, std::numeric_limits<std::uint64_t>::max(), LZMA_CONCATENATED);
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> buffer(1 << 20);
  stream.next_in = packed.data();
  stream.avail_in = packed.size();
  while (result == LZMA_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = buffer.size();
    result = lzma_code(&stream, LZMA_FINISH);
    bytes.insert(bytes.end(), buffer.begin(), buffer.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
  }
  lzma_end(&stream);
  if (result != LZMA_STREAM_END) throw InputError(fmt::format("'{}' is a damaged xz file; get it again", file.string()));
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> read_maybe_xz(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) throw InputError(fmt::format("'{}' cannot be read; check path and permissions", file.string()));
  return file.extension() == ".xz" ? unpack_xz(bytes, file) : bytes;
}

void append_cifar10_batch(const std::vector<std::uint8_t>& batch, const std::filesystem::path& file, Dataset& data) {
  if (batch.empty() || batch.size() % kRecord != 0) {
    throw InputError(fmt::format("CIFAR-10 file '{}' has {} bytes, which is not a number of {}-byte records; get it again", file.string(),
                                 batch.size(), kRecord));
  }
  data.shape = {kSide, kSide, kColours};
  data.pixels.reserve(data.pixels.size() + batch.size());
  for (std::size_t record = 0; record < batch.size(); record += kRecord) {
    const std::uint8_t label = batch[record];
    if (label > 9) {
      throw InputError(fmt::format("CIFAR-10 file '{}' holds the label {}, but 0 to 9 are possible; get it again", file.string(), label));
    }
    data.labels.push_back(label);
    const std::uint8_t* planes = batch.data() + record + 1;
    for (int i = 0; i < kArea; ++i) {
      for (int c = 0; c < kColours; ++c) data.pixels.push_back(planes[c * kArea + i]);
    }
    ++data.count;
  }
}

Dataset load_cifar10(const std::filesystem::path& folder, bool train) {
  Dataset data;
  data.name = "cifar10";
  data.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  const auto batches = train ? std::span<const KnownBatch>(kTrainBatches) : std::span<const KnownBatch>(kTestBatches);
  std::string digests;
  for (const KnownBatch& known : batches) {
    const std::filesystem::path file = find(folder, known.name);
    const std::vector<std::uint8_t> batch = read_maybe_xz(file);
    append_cifar10_batch(batch, file, data);
    const std::string digest = sha256(batch);
    if (digest != known.sha256) {
      throw InputError(fmt::format("'{}' is not the CIFAR-10 file of that name: its SHA-256 differs; get it again", file.string()));
    }
    digests += digest + "\n";
  }
  data.checksum = sha256(std::span(reinterpret_cast<const std::uint8_t*>(digests.data()), digests.size()));
  return data;
}

}  // namespace flexor
