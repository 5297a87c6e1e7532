// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of beats into words of a whole number of grains, one word a cycle; a word may begin in one beat and end in the next.
///
///   word w = grains w*step .. w*step+step-1 of the stream (little endian, lowest bits first), w = 0..count-1
/// Words of more than Fine bits are whole bytes, words of more than Moved bits whole beats.
/// With `bytes_i`, step is whole bytes, count is in bytes, each word holds up to step of them, and the last one only what is left (strobe_o).
module beat_unpacker #(
    /// Bytes of a beat, 8 or 16.
    parameter int unsigned Beat = 16,
    /// Bytes of a word at most, 1..Beat.
    parameter int unsigned Word = 16,
    /// Bits of a grain: 1, 2, 4 or 8.
    parameter int unsigned Grain = 8,
    /// Bits of a word at most that is not whole bytes, 1..8*Word.
    parameter int unsigned Fine = 8 * Word,
    /// Bits of a word at most that does not fill its beat, Fine..8*Word.
    parameter int unsigned Moved = 8 * Word,
    /// Grains of a byte; follows from Grain.
    parameter int unsigned PerByte = 8 / Grain
) (
    /// Clock.
    input  logic                              clk_i,
    /// Synchronous reset, active low; between transfers too.
    input  logic                              rst_ni,
    /// Grains of a word, at most Word bytes; steady between resets.
    input  logic [$clog2(Word*PerByte+1)-1:0] step_i,
    /// The count is in bytes.
    input  logic                              bytes_i,
    /// One cycle: take `count_i`.
    input  logic                              start_i,
    /// Words, or bytes; >= 1.
    input  logic [                      31:0] count_i,
    /// A beat is offered.
    input  logic                              beat_valid_i,
    /// It is taken.
    output logic                              beat_ready_o,
    /// The beat.
    input  logic [                8*Beat-1:0] beat_i,
    /// A word is offered.
    output logic                              word_valid_o,
    /// It is taken.
    input  logic                              word_ready_i,
    /// The word; bits past step are undefined.
    output logic [                8*Word-1:0] word_o,
    /// Bytes that belong to it.
    output logic [                  Word-1:0] strobe_o,
    /// It is the last.
    output logic                              last_o,
    /// Every word was taken.
    output logic                              finished_o
);

  localparam int unsigned Grains = Beat * PerByte;  // of a beat
  localparam int unsigned PlaceWidth = $clog2(Grains);
  localparam int unsigned StepWidth = $clog2(Word * PerByte + 1);

  if (Beat != 8 && Beat != 16) begin : gen_check_beat
    $error("beat_unpacker: Beat must be 8 or 16");
  end
  if (Word < 1 || Word > Beat) begin : gen_check_word
    $error("beat_unpacker: Word must be in 1..Beat");
  end

  if (Grain != 1 && Grain != 2 && Grain != 4 && Grain != 8) begin : gen_check_grain
    $error("beat_unpacker: Grain must be 1, 2, 4 or 8");
  end
  if (Fine < 1 || Fine > Moved || Moved > 8 * Word) begin : gen_check_bits
    $error("beat_unpacker: Fine must be in 1..Moved and Moved at most 8*Word");
  end

  logic full_q, running_q;  // beat_q holds a beat with bytes that are still to come; words are left
  logic [8*Beat-1:0] beat_q;
  logic [PlaceWidth-1:0] place_q;  // of the next word in beat_q
  logic [31:0] left_q, bytes;
  logic [ StepWidth-1:0] size;
  logic [PlaceWidth+1:0] end_place;  // of the next word, counted from beat_q
  logic contained, refill, take_word;

  assign bytes = 32'(step_i) >> $clog2(PerByte);
  assign last_o = bytes_i ? left_q <= bytes : left_q == 32'd1;
  assign size = bytes_i && last_o ? StepWidth'(left_q << $clog2(PerByte)) : step_i;
  assign end_place = (PlaceWidth + 2)'(place_q) + (PlaceWidth + 2)'(size);
  assign contained = end_place <= (PlaceWidth + 2)'(Grains);

  // A whole beat as it is; from a byte on; up to 7 bits further for the lowest bits only.
  logic [Moved+6:0] from_byte;
  assign from_byte = (Moved + 7)'({beat_i, beat_q} >> (8 * (32'(place_q) / PerByte)));
  always_comb begin
    word_o = beat_q[8*Word-1:0];
    word_o[Moved-1:0] = from_byte[Moved-1:0];
    word_o[Fine-1:0] = Fine'(from_byte[Fine+6:0] >> (32'(place_q) % PerByte * Grain));
  end
  for (genvar i = 0; i < Word; i++) begin : gen_strobe
    assign strobe_o[i] = StepWidth'(i * PerByte) < size;
  end

  assign word_valid_o = running_q && full_q && (contained || beat_valid_i);
  assign take_word = word_valid_o && word_ready_i;
  // The last word takes a beat only if it ends in it.
  assign refill = !full_q ? running_q : take_word && (last_o ? !contained : end_place >= (PlaceWidth + 2)'(Grains));
  assign beat_ready_o = refill;
  assign finished_o = !running_q;

  always_ff @(posedge clk_i) begin
    if (refill && beat_valid_i) beat_q <= beat_i;
    if (take_word) place_q <= end_place[PlaceWidth-1:0];
    if (take_word && (last_o || end_place >= (PlaceWidth + 2)'(Grains))) full_q <= !last_o && beat_valid_i;
    else if (refill && beat_valid_i) full_q <= 1'b1;
    if (take_word) left_q <= left_q - (bytes_i ? bytes : 32'd1);
    if (take_word && last_o) running_q <= 1'b0;
    if (start_i) begin
      running_q <= 1'b1;
      left_q <= count_i;
      place_q <= '0;
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
      full_q <= 1'b0;
    end
  end

endmodule
