using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Forms;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Forms;

public sealed class MultipartReaderTests
{
    private const string Boundary = "bound";

    /// <summary>Bytes that look like the boundary until they do not.</summary>
    private const string Tricky = "a\r\n--boun\r\n--bounX\r\n-\r\n\r\n--\r\n\r\r\n--boun\r";

    private static readonly byte[] Form = Encoding.Latin1.GetBytes(
        "preamble\r\n--bound\r\nA: 1\r\nB: 2\r\n\r\nvalue\r\n--bound \t\r\n\r\n\r\n--bound\r\nC: 3\r\n\r\n" + Tricky
            + "\r\n--bound--\r\nepilogue");

    [Fact]
    public async Task Parts_come_out_whatever_pieces_they_come_in()
    {
        for (var piece = 1; piece <= Form.Length; piece++)
        {
            Assert.Equal(["A: 1\r\nB: 2|value", "|", "C: 3|" + Tricky], await ReadAsync(new Pieces(Form, _ => piece), 7));
        }
    }

    [Fact]
    public async Task A_piece_may_end_anywhere()
    {
        for (var cut = 1; cut < Form.Length; cut++)
        {
            Assert.Equal(["A: 1\r\nB: 2|value", "|", "C: 3|" + Tricky],
                await ReadAsync(new Pieces(Form, at => at < cut ? cut - at : Form.Length), 100));
        }
    }

    [Fact]
    public async Task The_first_boundary_needs_no_line_before_it() =>
        Assert.Equal(["A: 1|x"], await ReadAsync(new Pieces("--bound\r\nA: 1\r\n\r\nx\r\n--bound--"u8.ToArray(), _ => 1), 1));

    [Fact]
    public async Task A_form_that_ends_anywhere_before_its_end_is_malformed()
    {
        var end = Form.AsSpan().IndexOf("--\r\nepilogue"u8) + 2;
        for (var length = 0; length < end; length++)
        {
            var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(new Pieces(Form[..length], _ => 13), 9));
            Assert.Equal("MalformedPOSTRequest", failure.Error.Code);
        }

        Assert.Equal(3, (await ReadAsync(new Pieces(Form[..end], _ => 13), 9)).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(1 << 20)]
    public async Task A_huge_header_is_refused(int piece)
    {
        var form = Encoding.Latin1.GetBytes("--bound\r\nA: " + new string('x', 30_000) + "\r\n\r\nx\r\n--bound--");
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(new Pieces(form, _ => piece), 100, limit: 20_000));
        Assert.Equal("MaxPostPreDataLengthExceededError", failure.Error.Code);
    }

    [Theory]
    [InlineData("--bound", " ")]
    [InlineData("", "x")]
    [InlineData("--bound\r\n\r\n", "x")]
    public async Task Anything_else_without_an_end_is_refused(string start, string repeated)
    {
        var form = Encoding.Latin1.GetBytes(start + string.Concat(Enumerable.Repeat(repeated, 200_000))
            + "\r\n--bound\r\n\r\n\r\n--bound--");
        var body = new Pieces(form, _ => 4000);
        var failure = await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(body, 100, limit: 20_000));
        Assert.Equal("MaxPostPreDataLengthExceededError", failure.Error.Code);
        Assert.InRange(body.Handed, 0, start.EndsWith('\n') ? form.Length : 100_000);
    }

    [Fact]
    public async Task The_limit_is_one_to_the_byte()
    {
        var start = Form.AsSpan().IndexOf("a\r\n--boun\r"u8);
        Assert.Equal(3, (await ReadAsync(new Pieces(Form, _ => 50), 100, limit: start)).Count);
        await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(new Pieces(Form, _ => 50), 100, limit: start - 1));
        await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(new Pieces(Form, _ => 1), 100, limit: start - 1));
    }

    [Fact]
    public async Task What_is_left_of_a_part_is_read_over()
    {
        using var reader = new MultipartReader(new Pieces(Form, _ => 3), Boundary, int.MaxValue);
        await reader.NextPartAsync(default);
        Assert.Equal(1, await reader.ReadAsync(new byte[1], default));
        await reader.NextPartAsync(default);
        Assert.Equal("C: 3", Encoding.Latin1.GetString((await reader.NextPartAsync(default))!.Value.Span));
        Assert.Null(await reader.NextPartAsync(default));
    }

    [Fact]
    public async Task Draining_reads_the_body_to_its_end_so_that_its_checks_are_made()
    {
        var refused = new BytesBody(Form) { EndsWith = new S3Exception(S3Errors.BadDigest) };
        using var reader = new MultipartReader(refused, Boundary, int.MaxValue);
        await reader.NextPartAsync(default);
        var failure = await Assert.ThrowsAsync<S3Exception>(() => reader.DrainAsync(default).AsTask());
        Assert.Equal(S3Errors.BadDigest, failure.Error);
    }

    [Fact]
    public async Task A_file_of_megabytes_flows_through_one_buffer()
    {
        var content = new byte[3_000_000];
        new Random(1).NextBytes(content);
        byte[] form = [.. "--bound\r\n\r\n"u8, .. content, .. "\r\n--bound--"u8];
        var body = new Pieces(form, _ => 100_001);
        using var reader = new MultipartReader(body, Boundary, int.MaxValue);
        await reader.NextPartAsync(default);
        using var read = new MemoryStream();
        var buffer = new byte[300_000];
        while (await reader.ReadAsync(buffer, default) is var count && count > 0)
        {
            read.Write(buffer, 0, count);
            Assert.InRange(body.Handed - read.Length, 0, 70_000);
        }

        Assert.Equal(content, read.ToArray());
    }

    private static async Task<List<string>> ReadAsync(S3Body body, int bufferSize, int limit = int.MaxValue)
    {
        var parts = new List<string>();
        using var reader = new MultipartReader(body, Boundary, limit);
        var buffer = new byte[bufferSize];
        while (await reader.NextPartAsync(default) is { } header)
        {
            var part = new StringBuilder(Encoding.Latin1.GetString(header.Span)).Append('|');
            while (await reader.ReadAsync(buffer, default) is var count && count > 0)
            {
                part.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            Assert.Equal(0, await reader.ReadAsync(buffer, default));
            parts.Add(part.ToString());
        }

        return parts;
    }

    /// <summary>A body that comes in pieces.</summary>
    private sealed class Pieces(byte[] bytes, Func<int, int> pieceAt) : S3Body
    {
        public int Handed { get; private set; }

        public override long? Length => bytes.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = Math.Min(Math.Min(buffer.Length, bytes.Length - Handed), pieceAt(Handed));
            bytes.AsSpan(Handed, count).CopyTo(buffer.Span);
            Handed += count;
            return new(count);
        }
    }
}
