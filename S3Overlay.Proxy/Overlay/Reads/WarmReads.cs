using S3Overlay.Proxy.Overlay.Filling;
using S3Overlay.Proxy.Overlay.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>Reads of an object of which a copy is held that may be served: the bytes of that copy, and which bytes it lacks. A warm read ends here.</summary>
internal sealed class WarmReads(ReadAhead readAhead)
{
    /// <summary>
    /// Answers from held bytes as far as they go, and disposes the copy where that is all. Otherwise says which bytes are still to be sent, and leaves the
    /// copy to the caller.
    /// </summary>
    public async ValueTask<MissingBytes?> AnswerAsync(
        S3Request request, S3Answer answer, ObjectName name, IHeldCopy copy, CopyVerdict verdict, bool onlyHeld, CancellationToken cancellationToken)
    {
        var isDone = true;
        try
        {
            var info = verdict.Info;
            if (request.IsHead || info.Size == 0 || WantedOf(request, info) is not { } likely)
            {
                using var ofInfo = Tracing.Start(SpanNames.CacheHit);
                AnswerOrigin.Held(answer, verdict);
                ObjectAnswer.Prepare(request, answer, info);
                return null;
            }

            // Who reads on from front to back is sent on to 5 though all it wants is held: the chunks after it may not be.
            var isCovered = HeldCopies.Covers(copy, likely);
            var ahead = onlyHeld ? [] : readAhead.Note(name, copy, likely);
            AnswerSnapshot? clean = isCovered && ahead.Count == 0 ? null : new AnswerSnapshot(answer);
            using var hit = clean is null ? Tracing.Start(SpanNames.CacheHit) : null;
            AnswerOrigin.Held(answer, verdict);
            if (ObjectAnswer.Prepare(request, answer, info) is not { } wanted)
            {
                return null;
            }

            if (clean is not null)
            {
                if (!isCovered && onlyHeld)
                {
                    clean.Value.Restore(answer);
                    throw new S3Exception(S3Errors.GatewayTimeout);
                }

                if (!isCovered)
                {
                    AnswerOrigin.Miss(answer);
                }

                isDone = false;
                return new MissingBytes(wanted, clean.Value, ahead);
            }

            using var hits = ChunkHits.Of(copy, wanted);
            var reached = await HeldSending.SendHeldAsync(copy, wanted, answer, hits, cancellationToken);
            hit?.SetTag(SpanAttributes.Bytes, reached - wanted.First);
            if (reached > wanted.Last)
            {
                return null;
            }

            hit.Fail("damaged");

            // A block was damaged. What was prepared stays true, but for where the bytes come from.
            var before = AnswerSnapshot.Without(info, answer);
            if (!answer.HasStarted)
            {
                if (onlyHeld)
                {
                    before.Restore(answer);
                    throw new S3Exception(S3Errors.GatewayTimeout);
                }

                AnswerOrigin.Miss(answer);
            }

            isDone = false;
            return new MissingBytes(wanted with { First = reached }, before, []);
        }
        finally
        {
            if (isDone)
            {
                await copy.DisposeAsync();
            }
        }
    }

    /// <summary>The bytes wanted, conditions aside; null where none exist.</summary>
    private static ByteRange? WantedOf(S3Request request, ObjectInfo info) =>
        ObjectAnswer.EffectiveRange(request, info) is { } range ? range.Resolve(info.Size) : new ByteRange(0, info.Size - 1);
}
