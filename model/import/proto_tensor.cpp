// SPDX-License-Identifier: Apache-2.0
#include "import/proto_tensor.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

#include "code/error.hpp"

namespace flexor::foreign {
namespace {

using onnx::TensorProto;

// IEEE 754 binary16.
double from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) value = fraction == 0 ? HUGE_VAL : NAN;
  return (bits & 0x8000) != 0 ? -value : value;
}

double from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

template <typename T>
std::vector<double> from_raw(std::string_view raw) {
  std::vector<double> values(raw.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value{};
    std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

std::vector<double> from_raw_words(std::string_view raw, double (*decode)(std::uint16_t)) {
  std::vector<double> values = from_raw<std::uint16_t>(raw);
  for (double& value : values) value = decode(static_cast<std::uint16_t>(value));
  return values;
}

template <typename Repeated>
std::vector<double> from_list(const Repeated& list) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(list.size()));
  for (const auto value : list) values.push_back(static_cast<double>(value));
  return values;
}

std::vector<double> raw_values(int type, std::string_view raw, const std::string& what) {
  switch (type) {
    case TensorProto::FLOAT:
      return from_raw<float>(raw);
    case TensorProto::DOUBLE:
      return from_raw<double>(raw);
    case TensorProto::FLOAT16:
      return from_raw_words(raw, from_half);
    case TensorProto::BFLOAT16:
      return from_raw_words(raw, from_bfloat);
    case TensorProto::INT8:
      return from_raw<std::int8_t>(raw);
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return from_raw<std::uint8_t>(raw);
    case TensorProto::INT16:
      return from_raw<std::int16_t>(raw);
    case TensorProto::UINT16:
      return from_raw<std::uint16_t>(raw);
    case TensorProto::INT32:
      return from_raw<std::int32_t>(raw);
    case TensorProto::UINT32:
      return from_raw<std::uint32_t>(raw);
    case TensorProto::INT64:
      return from_raw<std::int64_t>(raw);
    case TensorProto::UINT64:
      return from_raw<std::uint64_t>(raw);
    default:
      throw InputError(fmt::format("{} has the element type {}; export the model with float32 or int8", what, type));
  }
}

std::vector<double> typed_values(const TensorProto& proto, const std::string& what) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      return from_list(proto.float_data());
    case TensorProto::DOUBLE:
      return from_list(proto.double_data());
    case TensorProto::INT64:
      return from_list(proto.int64_data());
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return from_list(proto.uint64_data());
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16: {
      std::vector<double> values = from_list(proto.int32_data());
      for (double& value : values) {
        const auto bits = static_cast<std::uint16_t>(static_cast<std::int32_t>(value));
        value = proto.data_type() == TensorProto::FLOAT16 ? from_half(bits) : from_bfloat(bits);
      }
      return values;
    }
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
    case TensorProto::INT16:
    case TensorProto::UINT16:
    case TensorProto::INT32:
      return from_list(proto.int32_data());
    default:
      return raw_values(proto.data_type(), {}, what);  // refuses it
  }
}

std::int64_t number(const std::string& words, const std::string& what) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), value);
  if (error != std::errc() || end != words.data() + words.size() || value < 0) {
    throw InputError(fmt::format("{} has external data at '{}', which is no place in a file; export the model again", what, words));
  }
  return value;
}

// The bytes that lie in another file of the folder.
std::string external_bytes(const TensorProto& proto, const std::filesystem::path& folder, const std::string& what, std::int64_t size) {
  std::filesystem::path place;
  std::int64_t offset = 0;
  std::int64_t length = size;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") place = entry.value();
    if (entry.key() == "offset") offset = number(entry.value(), what);
    if (entry.key() == "length") length = number(entry.value(), what);
  }
  bool inside = !place.empty() && place.is_relative();
  for (const auto& part : place) inside = inside && part != "..";
  if (!inside) throw InputError(fmt::format("{} wants weights from '{}', outside the model's folder; export the model again", what, place.string()));
  if (length != size) {
    throw InputError(fmt::format("{} has {} bytes of external data, but its sizes ask for {}; export the model again", what, length, size));
  }
  const std::filesystem::path file = folder / place;
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream || !std::filesystem::is_regular_file(file)) {
    throw InputError(fmt::format("{} has its values in '{}', which cannot be read; put that file beside the model", what, file.string()));
  }
  if (offset > stream.tellg() - std::streamoff{length}) {
    throw InputError(fmt::format("'{}' is too short for {}; copy it again", file.string(), what));
  }
  std::string bytes(static_cast<std::size_t>(length), '\0');
  stream.seekg(offset);
  stream.read(bytes.data(), length);
  return bytes;
}

std::int64_t element_bytes(int type) {
  switch (type) {
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return 8;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 4;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return 2;
    default:
      return 1;
  }
}

int bits_of(int type) {
  switch (type) {
    case TensorProto::INT8:
      return -8;
    case TensorProto::UINT8:
      return 8;
    case TensorProto::INT16:
      return -16;
    case TensorProto::UINT16:
      return 16;
    default:
      return 0;
  }
}

bool is_whole(int type) {
  return type != TensorProto::FLOAT && type != TensorProto::DOUBLE && type != TensorProto::FLOAT16 && type != TensorProto::BFLOAT16;
}

}  // namespace

Tensor from_proto(const TensorProto& proto, const std::filesystem::path& folder, const std::string& what) {
  Tensor tensor;
  tensor.sizes.assign(proto.dims().begin(), proto.dims().end());
  tensor.whole = is_whole(proto.data_type());
  tensor.bits = bits_of(proto.data_type());
  const std::int64_t wanted = count(tensor.sizes);
  if (proto.data_location() == TensorProto::EXTERNAL) {
    raw_values(proto.data_type(), {}, what);  // refuses unknown types before their size counts
    tensor.values = raw_values(proto.data_type(), external_bytes(proto, folder, what, wanted * element_bytes(proto.data_type())), what);
  } else {
    tensor.values = proto.has_raw_data() ? raw_values(proto.data_type(), proto.raw_data(), what) : typed_values(proto, what);
  }
  if (static_cast<std::int64_t>(tensor.values.size()) != wanted) {
    throw InputError(fmt::format("{} has {} values, but its sizes {} ask for {}; export the model again", what, tensor.values.size(),
                                 text(tensor.sizes), wanted));
  }
  return tensor;
}

}  // namespace flexor::foreign
