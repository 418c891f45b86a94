using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Text.Json;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Sends an S3 request about an object to a proxy.</summary>
/// <param name="verb">The HTTP method.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="key">The key.</param>
/// <param name="query">The query, encoded; empty for none.</param>
/// <param name="headers">More headers.</param>
/// <param name="cancellationToken">Cancels the request.</param>
/// <returns>The response, whatever its status. The caller disposes it.</returns>
internal delegate Task<HttpResponseMessage> ObjectRequests(
    string verb, string bucket, string key, string query, IReadOnlyCollection<KeyValuePair<string, string>> headers,
    CancellationToken cancellationToken);

/// <summary>
/// Writes changes into a tar file. <c>format.json</c> comes first. Further entries are numbered: <c>1.data</c> has the bytes of the first
/// change, <c>1.json</c> what it is and their checksum. <c>end.json</c> has the number of changes, so that a shortened file is noticed.
/// </summary>
/// <param name="send">Reads the objects.</param>
internal sealed class ArchiveWriter(ObjectRequests send)
{
    /// <summary>How many objects were left out because only their clients have the key to read them (SSE-C).</summary>
    public long Unreadable { get; private set; }

    /// <summary>Saves changes. Nothing but the sent bytes is kept: the archive may be of any size, and need not seek.</summary>
    /// <param name="archive">Gets the file.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="saved">Gets each change once it is saved.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>
    /// How many were saved. One that is changed or reverted before it is saved is left out, and so is one that needs its client's key.
    /// </returns>
    /// <exception cref="IOException">The archive cannot be written, or an object broke off.</exception>
    /// <exception cref="ProxyRefusal">An object cannot be read.</exception>
    public async Task<long> WriteAsync(
        Stream archive, IAsyncEnumerable<SavedChange> changes, Action<SavedChange> saved, CancellationToken cancellationToken)
    {
        var count = 0L;
        await using var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true);
        await WriteAsync(tar, ArchiveFormat.EntryName, new ArchiveFormat(ArchiveFormat.Current), cancellationToken);
        await foreach (var change in changes.WithCancellation(cancellationToken))
        {
            if (await SaveAsync(tar, count + 1, change, cancellationToken) is { } done)
            {
                count++;
                saved(done);
            }
        }

        await WriteAsync(tar, "end.json", new ArchiveEnd(count), cancellationToken);
        return count;
    }

    private async Task<SavedChange?> SaveAsync(
        TarWriter tar, long number, SavedChange change, CancellationToken cancellationToken)
    {
        var name = number.ToString(CultureInfo.InvariantCulture);
        if (!change.Deleted)
        {
            using var response = await send("GET", change.Bucket, change.Key, "",
                [new("If-Match", change.ETag), new("x-amz-checksum-mode", "ENABLED")], cancellationToken);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
            {
                return null;
            }

            if (response.StatusCode == HttpStatusCode.BadRequest
                && ClientKeys.AreWantedBy(await response.Content.ReadAsStringAsync(cancellationToken)))
            {
                Unreadable++;
                return null;
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new ProxyRefusal((int)response.StatusCode, $"{(int)response.StatusCode} for {change.Bucket}/{change.Key}");
            }

            await using var hashed = new HashedStream(
                await response.Content.ReadAsStreamAsync(cancellationToken), response.Content.Headers.ContentLength ?? change.Size);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, name + ".data") { DataStream = hashed }, cancellationToken);
            // As they were sent: parsed ones would be written in another way.
            var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).ToDictionary(
                static header => header.Key, static header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
            change = change with
            {
                Size = hashed.Count,
                Sha256 = hashed.Sha256,
                Headers = headers.Where(static header => SavedChange.IsSaved(header.Key)).ToDictionary(),
                ChecksumHeader = ChecksumNames.All.Select(ChecksumNames.Header).FirstOrDefault(headers.ContainsKey),
                ChecksumType = headers.GetValueOrDefault("x-amz-checksum-type"),
                Tags = await TagsAsync(change, cancellationToken),
            };
            change = change with { Checksum = change.ChecksumHeader is { } header ? headers[header] : "" };
            var parts = await new SavedParts(send, change).FindAsync(hashed.Md5, cancellationToken);
            var isOpaque = headers.TryGetValue("x-amz-server-side-encryption", out var method) && method != "AES256";
            change = parts.IsCopiedUp && !isOpaque
                ? change with { CopiedUp = response.Content.Headers.LastModified ?? DateTimeOffset.UnixEpoch }
                : change with { Parts = parts.Sizes };
        }

        await WriteAsync(tar, name + ".json", change, cancellationToken);
        return change;
    }

    private async Task<string?> TagsAsync(SavedChange change, CancellationToken cancellationToken)
    {
        using var response = await send("GET", change.Bucket, change.Key, "tagging", [], cancellationToken);

        // A store without tags has none to save.
        return response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.NotImplemented)
            ? throw new ProxyRefusal((int)response.StatusCode, $"{(int)response.StatusCode} for the tags of {change.Bucket}/{change.Key}")
            : response.StatusCode == HttpStatusCode.OK
            && S3XmlReader.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)) is var document
            && TagDocuments.ToQuery(document) is { Length: > 0 } tags ? tags : null;
    }

    private static Task WriteAsync<T>(TarWriter tar, string name, T document, CancellationToken cancellationToken) => tar.WriteEntryAsync(
        new PaxTarEntry(TarEntryType.RegularFile, name)
            { DataStream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(document, AdministrationJson.Options)) },
        cancellationToken);
}

/// <summary>The first entry of an archive.</summary>
internal sealed record ArchiveFormat(int Version)
{
    public const string EntryName = "format.json";

    /// <summary>The format that is written and read. The first one had no such entry, and no bases.</summary>
    public const int Current = 2;
}

/// <summary>The last entry of an archive.</summary>
internal sealed record ArchiveEnd(long Count);
