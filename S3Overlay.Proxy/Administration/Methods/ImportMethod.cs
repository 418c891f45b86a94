using System.Buffers;
using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST import</c>: brings back a change that was saved, with its base.</summary>
internal sealed class ImportMethod : DocumentMethod<ImportAnswer>
{
    private readonly Imports _imports;

    public ImportMethod(Imports imports)
        : base("POST", "import", "Brings back a change that was saved. The request's body is the change as a line of JSON, as in the "
            + "archive of revert --save, and then the object's bytes.")
    {
        (_imports, Body) = (imports, "application/octet-stream");
        Parameters =
        [
            new("force", "True to replace what was written or deleted here since.") { Type = "boolean" },
            Parameter.DryRun with { Description = "True to say what would become of it, and change nothing. The bytes are not needed." },
        ];
    }

    /// <inheritdoc/>
    protected override async Task<(ImportAnswer Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var (mustForce, isDryRun) = (call.Parameters.Flag("force", otherwise: false), call.Parameters.IsDryRun);
        var (line, rest) = await ReadLineAsync(call.Request.Body, cancellationToken);
        try
        {
            var change = SavedChange.Parse(line);
            var bytes = change.Deleted ? S3Body.Empty : change.Verified(rest);
            var outcome = await _imports.ImportAsync(change.ToVersion(), bytes, mustForce, isDryRun, cancellationToken);
            return (new ImportAnswer(change.Bucket, change.Key, outcome), $"{outcome} {change.Bucket}");
        }
        catch (FormatException malformed)
        {
            throw Wrong(malformed.Message, malformed);
        }
        finally
        {
            // A client that still sends would not see the response.
            await rest.DrainAsync(cancellationToken);
        }
    }

    private static async Task<(byte[] Line, RestOfBody Left)> ReadLineAsync(S3Body body, CancellationToken cancellationToken)
    {
        var (bytes, length) = (new byte[8 << 10], 0);
        while (true)
        {
            var read = await body.ReadAsync(bytes.AsMemory(length), cancellationToken);
            var end = bytes.AsSpan(length, read).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var next = length + end + 1;
                return (bytes[..(next - 1)], new RestOfBody(bytes[next..(length + read)], body));
            }

            length += read;
            if (read == 0 || length > SavedChange.Longest)
            {
                throw Wrong(read == 0 ? "the line does not end" : "it is too long", null);
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 2);
            }
        }
    }

    private static S3Exception Wrong(string problem, Exception? cause) =>
        new(S3Errors.InvalidArgument, $"The body does not start with a saved change: {problem}.", cause);

    /// <summary>What follows the first line of a body.</summary>
    private sealed class RestOfBody(ReadOnlyMemory<byte> first, S3Body body) : ForwardStream
    {
        private const int Piece = 64 << 10;

        private ReadOnlyMemory<byte> _first = first;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_first.Length == 0)
            {
                return await body.ReadAsync(buffer, cancellationToken);
            }

            var count = Math.Min(_first.Length, buffer.Length);
            _first[..count].CopyTo(buffer);
            _first = _first[count..];
            return count;
        }

        public async Task DrainAsync(CancellationToken cancellationToken)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(Piece);
            try
            {
                while (await body.ReadAsync(buffer, cancellationToken) > 0)
                {
                    // Not needed.
                }
            }
            catch (S3Exception)
            {
                // The client has left.
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}

/// <summary>What became of a saved change.</summary>
internal sealed record ImportAnswer(
    string Bucket, string Key,
    [property: Description("\"same\": the key was as saved already. \"skipped\": it was changed here since, and stays.")]
    ImportOutcome Outcome);
