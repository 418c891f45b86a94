using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>
/// Reads of an object of which a copy is held that may be served: the bytes of that copy, and which bytes it lacks. A warm read ends here.
/// </summary>
internal sealed class HitReads(ReadAhead readAhead)
{
    /// <summary>
    /// Answers from held bytes as far as they go, and disposes the copy where that is all. Otherwise says which bytes are still to be sent,
    /// and leaves the copy to the caller.
    /// </summary>
    public async ValueTask<MissingBytes?> AnswerAsync(
        S3Request request, S3Response answer, ObjectName name, ICacheEntry copy, FreshnessVerdict verdict, bool onlyHeld,
        CancellationToken cancellationToken)
    {
        var isDone = true;
        try
        {
            var info = verdict.Info;
            if (request.IsHead || info.Size == 0 || WantedOf(request, info) is not { } likely)
            {
                using var ofInfo = Tracing.Start(SpanNames.CacheHit);
                ResponseOrigin.Held(answer, verdict);
                ObjectResponse.Prepare(request, answer, info);
                return null;
            }

            // Who reads on from front to back is sent on to 5 though all it wants is held: the chunks after it may not be.
            var isCovered = CacheEntries.Covers(copy, likely);
            var ahead = onlyHeld ? [] : readAhead.Note(name, copy, likely);
            ResponseSnapshot? clean = isCovered && ahead.Count == 0 ? null : new ResponseSnapshot(answer);
            using var hit = clean is null ? Tracing.Start(SpanNames.CacheHit) : null;
            ResponseOrigin.Held(answer, verdict);
            if (ObjectResponse.Prepare(request, answer, info) is not { } wanted)
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
                    ResponseOrigin.Miss(answer);
                }

                isDone = false;
                return new MissingBytes(wanted, clean.Value, ahead);
            }

            using var hits = ChunkHits.Of(copy, wanted);
            var reached = await EntrySender.SendHeldAsync(copy, wanted, answer, hits, cancellationToken);
            hit?.SetTag(SpanAttributes.Bytes, reached - wanted.First);
            if (reached > wanted.Last)
            {
                return null;
            }

            hit.Fail("damaged");

            // A block was damaged. What was prepared stays true, but for where the bytes come from.
            var before = ResponseSnapshot.Without(info, answer);
            if (!answer.HasStarted)
            {
                if (onlyHeld)
                {
                    before.Restore(answer);
                    throw new S3Exception(S3Errors.GatewayTimeout);
                }

                ResponseOrigin.Miss(answer);
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
        ObjectResponse.EffectiveRange(request, info) is { } range ? range.Resolve(info.Size) : new ByteRange(0, info.Size - 1);
}
