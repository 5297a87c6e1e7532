// SPDX-License-Identifier: Apache-2.0
#include "import/npy.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "code/error.hpp"

namespace flexor::foreign {
namespace {

template <typename T>
void append(std::string_view bytes, Tensor& tensor) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    tensor.values.push_back(static_cast<double>(value));
  }
}

// Reads values of a type like "<f4"; the number of bytes of one, or 0.
std::size_t append_values(const std::string& type, std::string_view bytes, Tensor& tensor) {
  const std::string kind = type.size() == 3 && (type[0] == '<' || type[0] == '|') ? type.substr(1) : "";
  if (kind == "f4") return append<float>(bytes, tensor), 4;
  if (kind == "f8") return append<double>(bytes, tensor), 8;
  tensor.whole = true;
  if (kind == "u1") return append<std::uint8_t>(bytes, tensor), tensor.bits = 8, 1;
  if (kind == "i1") return append<std::int8_t>(bytes, tensor), 1;
  if (kind == "i2") return append<std::int16_t>(bytes, tensor), 2;
  if (kind == "i4") return append<std::int32_t>(bytes, tensor), 4;
  if (kind == "i8") return append<std::int64_t>(bytes, tensor), 8;
  return 0;
}

// What stands behind 'key': in the header, up to one of the characters `end`.
std::string member(const std::string& header, const std::string& key, char begin, char end) {
  const auto at = header.find("'" + key + "'");
  if (at == std::string::npos) return {};
  const auto from = header.find(begin, at + key.size() + 2);
  const auto to = from == std::string::npos ? from : header.find(end, from + 1);
  return to == std::string::npos ? std::string() : header.substr(from + 1, to - from - 1);
}

}  // namespace

Tensor read_npy(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto refuse = [&](const char* why) { throw InputError(fmt::format("NumPy file '{}' {}", file.string(), why)); };
  if (!stream) refuse("cannot be read; check the path");
  constexpr std::size_t kFixed = 10;
  if (bytes.size() < kFixed + 2 || !bytes.starts_with("\x93NUMPY")) refuse("is none; write it with numpy.save");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const bool large = bytes[6] >= 2;
  const std::size_t begin = large ? kFixed + 2 : kFixed;
  const std::size_t length = byte(8) + (byte(9) << 8) + (large ? (byte(10) << 16) + (byte(11) << 24) : 0);
  if (begin + length > bytes.size()) refuse("is cut; write it again");
  const std::string header = bytes.substr(begin, length);
  if (header.find("'fortran_order': True") != std::string::npos) refuse("has columns first; save numpy.ascontiguousarray of it");
  Tensor tensor;
  const std::string shape = member(header, "shape", '(', ')');
  for (std::size_t at = 0; at < shape.size();) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(shape.data() + at, shape.data() + shape.size(), size);
    if (error == std::errc()) tensor.sizes.push_back(size);
    at = static_cast<std::size_t>(end - shape.data()) + 1;
  }
  const std::int64_t wanted = count(tensor.sizes);
  const std::size_t one = append_values(member(header, "descr", '\'', '\''), std::string_view(bytes).substr(begin + length), tensor);
  if (one == 0) refuse("holds neither numbers of 32 or 64 bits nor integers; save float32 or uint8");
  if (wanted != static_cast<std::int64_t>(tensor.values.size())) refuse("has another size than it says; write it again");
  return tensor;
}

}  // namespace flexor::foreign
