using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote.Sending;

/// <summary>Sends an object in parts, several at a time, and goes on where an earlier command stopped.</summary>
/// <remarks>
/// <code>
///   remembered upload of this version?   yes: the parts that ListParts shows with the same ETag and size are not sent again
///                                        no:  the old upload is aborted, a new one begun and remembered
///   parts                                each is remembered when the store has it
///   complete, on the condition           conflict: the upload is aborted.  Any other failure: it is kept for the next command
/// </code>
/// </remarks>
internal sealed class PartedUpload(SourceObject source, Destination to, string? stamp, IReadOnlyList<SourcePart> parts, BodySlots slots)
{
    private static readonly TimeSpan CleanUp = TimeSpan.FromSeconds(30);

    private readonly Dictionary<int, SourcePart> _byNumber = parts.ToDictionary(static part => part.Number);

    /// <summary>The sizes that common clients choose.</summary>
    private static readonly long[] UsualSizes = [8L << 20, 5L << 20, 15L << 20, 16L << 20, 50L << 20, 64L << 20, 100L << 20];

    /// <summary>
    /// Parts for an object that one PUT cannot hold, or whose parts are not known: as many as it had, if a usual size makes as many.
    /// </summary>
    public static IReadOnlyList<SourcePart> Cut(long size, int? count)
    {
        // At most 10,000 parts, each a multiple of 1 MiB.
        var usual = Array.Find(UsualSizes, each => (size + each - 1) / each == count);
        var each = usual > 0 ? usual : Math.Max(64L << 20, ((size / 10_000 >> 20) + 1) << 20);
        return [.. Enumerable.Range(0, (int)((size + each - 1) / each))
            .Select(at => new SourcePart(at + 1, at * each, Math.Min(each, size - (at * each)), []))];
    }

    /// <summary>Sends it, and returns the ETag of the object at the remote.</summary>
    /// <exception cref="ConflictException">The remote's object is another one.</exception>
    /// <exception cref="SendException">The store refused it, or stored other bytes.</exception>
    public async Task<string> SendAsync(string folder, Action<long> sent, CancellationToken cancellationToken)
    {
        await using var memory = await UploadMemory.OpenAsync(folder, to, cancellationToken);
        var isResumed = await ResumesAsync(memory, sent, cancellationToken);
        if (!isResumed)
        {
            await BeginAsync(memory, cancellationToken);
        }

        await SendPartsAsync(memory, sent, cancellationToken);
        if (isResumed && !HasSourceETag(memory))
        {
            // The parts of before are not those of this version after all.
            sent(-memory.Parts.Values.Sum(static part => part.Size));
            await BeginAsync(memory, cancellationToken);
            await SendPartsAsync(memory, sent, cancellationToken);
        }

        return await CompleteAsync(memory, cancellationToken);
    }

    private async Task<bool> ResumesAsync(UploadMemory memory, Action<long> sent, CancellationToken cancellationToken)
    {
        if (memory.Upload is not { } upload || upload.Stamp != stamp || upload.ETag != source.ETag
            || await ListAsync(upload.Id, cancellationToken) is not { } there)
        {
            return false;
        }

        memory.Keep(part => _byNumber.TryGetValue(part.Number, out var own) && own.Size == part.Size
            && there.TryGetValue(part.Number, out var listed) && listed == part);
        sent(memory.Parts.Values.Sum(static part => part.Size));
        return true;
    }

    /// <summary>The parts that the store has; null if it does not know the upload.</summary>
    private async Task<Dictionary<int, SentPart>?> ListAsync(string upload, CancellationToken cancellationToken)
    {
        var (found, marker) = (new Dictionary<int, SentPart>(), "");
        do
        {
            using var answer = await to.Store.Wire.SendAsync(Call("GET",
                (marker.Length == 0 ? "" : $"part-number-marker={marker}&") + $"uploadId={WireAddress.Encode(upload)}"), cancellationToken);
            if (!answer.IsSuccess || await answer.ReadXmlAsync(cancellationToken) is not { } page)
            {
                return answer.Status == 404 ? null : throw new SendException($"its parts cannot be listed: status {answer.Status}");
            }

            foreach (var part in page.All("Part"))
            {
                var number = int.Parse(part.Value("PartNumber") ?? "0", CultureInfo.InvariantCulture);
                found[number] = new(number, long.Parse(part.Value("Size") ?? "-1", CultureInfo.InvariantCulture),
                    ETags.Bare(part.Value("ETag") ?? ""));
            }

            marker = page.Value("IsTruncated") == "true" ? page.Value("NextPartNumberMarker") ?? "" : "";
        }
        while (marker.Length > 0);
        return found;
    }

    private async Task BeginAsync(UploadMemory memory, CancellationToken cancellationToken)
    {
        if (memory.Upload is { } old)
        {
            await AbortAsync(old.Id);
        }

        var create = Call("POST", "uploads") with { Headers = source.Headers };
        if (Algorithm is { } algorithm)
        {
            create = create.With("x-amz-checksum-algorithm", algorithm)
                .With("x-amz-checksum-type", source.HasWholeChecksum ? "FULL_OBJECT" : "COMPOSITE");
        }

        using var answer = await to.Store.Wire.SendAsync(create, cancellationToken);
        var id = answer.IsSuccess ? (await answer.ReadXmlAsync(cancellationToken)).Value("UploadId") : null;
        await memory.BeginAsync(
            new(id ?? throw new SendException(await answer.DescribeAsync(cancellationToken)), stamp, source.ETag), cancellationToken);
    }

    private Task SendPartsAsync(UploadMemory memory, Action<long> sent, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        parts.Where(part => !memory.Parts.ContainsKey(part.Number)).ToList(),
        new ParallelOptions { MaxDegreeOfParallelism = slots.Count, CancellationToken = cancellationToken },
        async (part, token) =>
        {
            using var slot = await slots.TakeAsync(token);
            var call = Call("PUT", $"partNumber={part.Number.ToString(CultureInfo.InvariantCulture)}&uploadId="
                + WireAddress.Encode(memory.Upload!.Id)) with
            {
                Headers = Algorithm is null ? [] : part.Checksums,
                Body = source.Body(part, sent),
            };
            using var answer = await to.Store.Wire.SendAsync(call, token);
            if (!answer.IsSuccess || answer.ETag is not { } etag)
            {
                throw new SendException($"part {part.Number}: {await answer.DescribeAsync(token)}");
            }

            if (ETags.IsMd5(etag) && answer["x-amz-server-side-encryption"] is null or "AES256" && !ETags.Same(etag, answer.Hash))
            {
                throw new SendException($"the store has other bytes of part {part.Number} than were sent");
            }

            await memory.AddAsync(new(part.Number, part.Size, etag), token);
        });

    private async Task<string> CompleteAsync(UploadMemory memory, CancellationToken cancellationToken)
    {
        if (!to.IsChecked)
        {
            await to.RequireUnchangedAsync(cancellationToken);
        }

        var document = new StringBuilder("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        foreach (var part in parts)
        {
            document.Append(CultureInfo.InvariantCulture,
                $"<Part><PartNumber>{part.Number}</PartNumber><ETag>\"{memory.Parts[part.Number].ETag}\"</ETag>");
            foreach (var (name, value) in Algorithm is null ? [] : part.Checksums)
            {
                var element = "Checksum" + name["x-amz-checksum-".Length..].ToUpperInvariant();
                document.Append(CultureInfo.InvariantCulture, $"<{element}>{value}</{element}>");
            }

            document.Append("</Part>");
        }

        var complete = to.Conditional(Call("POST", $"uploadId={WireAddress.Encode(memory.Upload!.Id)}") with
        {
            Headers = Algorithm is null || !source.HasWholeChecksum ? [] : [.. source.Checksums, new("x-amz-checksum-type", "FULL_OBJECT")],
            Body = WireBody.Of(document.Append("</CompleteMultipartUpload>").ToString()),
        });
        using var answer = await to.Store.Wire.SendAsync(complete, cancellationToken);
        var result = await answer.ReadXmlAsync(cancellationToken);
        var expected = Expected(memory);
        if (answer.IsSuccess && result.Value("ETag") is { Length: > 0 } etag)
        {
            memory.Forget();
            return ETags.PartsOf(etag) is null || expected is null || ETags.Same(etag, expected) ? ETags.Bare(etag)
                : throw new SendException($"the store put other bytes together than were sent: ETag {etag} in place of {expected}");
        }

        // Ceph sends an empty ETag; a response that was lost had one.
        var code = result.Value("Code");
        if ((answer.IsRepeated || (answer.IsSuccess && code is null)) && await to.HasAsync(expected, cancellationToken))
        {
            memory.Forget();
            return expected!;
        }

        if (answer.Status is 409 or 412 || code is "PreconditionFailed" or "ConditionalRequestConflict"
            || (answer.Status == 404 && code != "NoSuchUpload" && to.Replaces is not null))
        {
            await AbortAsync(memory.Upload.Id);
            memory.Forget();
            throw new ConflictException();
        }

        throw new SendException($"{answer.Status} {code}: {result.Value("Message")}");
    }

    /// <summary>The checksum algorithm of the object, if each part shows its own checksum too; otherwise null.</summary>
    private string? Algorithm => source.Checksums is [var (name, _), ..]
        && parts.All(part => part.Checksums.Any(each => each.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
        ? name["x-amz-checksum-".Length..].ToUpperInvariant() : null;

    /// <summary>The ETag that the whole will have: the MD5 of the MD5s of the parts; null if the store computes another.</summary>
    private string? Expected(UploadMemory memory)
    {
        var etags = parts.Select(part => memory.Parts[part.Number].ETag).ToList();
        return etags.TrueForAll(ETags.IsMd5)
            ? $"{Convert.ToHexStringLower(MD5.HashData([.. etags.SelectMany(Convert.FromHexString)]))}-{etags.Count}" : null;
    }

    private bool HasSourceETag(UploadMemory memory) => Expected(memory) is not { } expected
        || ETags.PartsOf(source.ETag) != parts.Count || ETags.Same(expected, source.ETag);

    private WireCall Call(string method, string query) => new(method, to.Store.Bucket, to.Key) { Query = query };

    /// <summary>Also after Ctrl-C. What is left of an upload that cannot be aborted is for the store's own rules.</summary>
    private async Task AbortAsync(string upload)
    {
        using var limit = new CancellationTokenSource(CleanUp);
        try
        {
            (await to.Store.Wire.SendAsync(Call("DELETE", $"uploadId={WireAddress.Encode(upload)}"), limit.Token)).Dispose();
        }
        catch (Exception failure) when (failure is WireException or OperationCanceledException)
        {
            // Left to the store.
        }
    }
}
