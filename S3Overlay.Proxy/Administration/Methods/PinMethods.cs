using System.ComponentModel;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Overlay;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST pin</c>: keeps the entries of a key, a prefix or a bucket from being evicted to make room (rule E6).</summary>
internal sealed class PinMethod : WorkMethod<PinResult>
{
    private readonly Pinning? _pins;

    /// <param name="pins">Changes them; null while caching is off.</param>
    public PinMethod(Pinning? pins)
        : base("pin", "Pins a key, a prefix or a bucket: its cache entries are not evicted to make room. Fails if they cannot fit.")
    {
        _pins = pins;
        Parameters = [Parameter.Bucket with { IsRequired = true }, Parameter.Key, Parameter.Prefix, Parameter.DryRun];
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (scope, isDryRun, count) = (ScopeOf(call), call.Parameters.IsDryRun, new PinCount());
        var pins = CacheOff.Require(_pins);
        PinRow? pinned = null;
        return new(
            async token => pinned = await pins.PinAsync(scope, isDryRun, count, token),
            () => new PinResult(count.Objects, pinned?.Pin.Bytes ?? count.Bytes, pinned?.Entries ?? 0, pinned?.CachedBytes ?? 0))
            {
                IsChecked = true,
            };
    }

    /// <summary>A key, a prefix or a whole bucket.</summary>
    public static AdministrationScope ScopeOf(MethodCall call)
    {
        call.Parameters.RequireBucket();
        return call.Parameters.Scope();
    }
}

/// <summary>Result of a pin.</summary>
internal sealed record PinResult(
    [property: Description("Objects that the pin is about. Counted only if the cache has a limit.")] long Objects,
    [property: Description("Their bytes, which count towards the limit.")] long Bytes,
    [property: Description("Entries of them that are cached now.")] long Entries,
    [property: Description("Bytes that are cached now.")] long CachedBytes);

/// <summary><c>POST unpin</c>: removes a pin.</summary>
internal sealed class UnpinMethod : WorkMethod<UnpinResult>
{
    private readonly Pinning? _pins;

    /// <param name="pins">Changes them; null while caching is off.</param>
    public UnpinMethod(Pinning? pins)
        : base("unpin", "Removes a pin. Its entries stay cached until room is needed.")
    {
        _pins = pins;
        Parameters = [Parameter.Bucket with { IsRequired = true }, Parameter.Key, Parameter.Prefix, Parameter.DryRun];
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (scope, isDryRun, pins) = (PinMethod.ScopeOf(call), call.Parameters.IsDryRun, CacheOff.Require(_pins));
        PinRow? pin = null;
        return new(
            async token => pin = await pins.UnpinAsync(scope, isDryRun, token),
            () => new UnpinResult(pin?.Pin.Bytes ?? 0, pin?.Entries ?? 0, pin?.CachedBytes ?? 0));
    }
}

/// <summary>Result of removing a pin.</summary>
internal sealed record UnpinResult(
    [property: Description("Bytes that no longer count as pinned.")] long Bytes,
    [property: Description("Entries that may be evicted now.")] long Entries,
    [property: Description("Their cached bytes.")] long CachedBytes);

/// <summary><c>GET pins</c>: all pins.</summary>
/// <param name="pins">Lists them; null while caching is off.</param>
internal sealed class PinsMethod(Pinning? pins) : ListMethod<PinItem>("pins", "Lists the pins of the cache, with what is cached of each.")
{
    /// <inheritdoc/>
    protected override IAsyncEnumerable<PinItem> ListAsync(MethodCall call, CancellationToken cancellationToken) =>
        CacheOff.Require(pins).ListAsync(cancellationToken).Select(static row => new PinItem(
            row.Pin.Bucket, row.Pin.IsPrefix ? null : row.Pin.Name, row.Pin.IsPrefix ? row.Pin.Name : null, row.Pin.Since, row.Pin.Bytes,
            row.Entries, row.CachedBytes));
}

/// <summary>A pin.</summary>
internal sealed record PinItem(
    string Bucket,
    [property: Description("The pinned key; null for a prefix.")] string? Key,
    [property: Description("The pinned prefix; null for a key, and empty for the whole bucket.")] string? Prefix,
    DateTimeOffset Since,
    [property: Description("Bytes of its objects when it was pinned; 0 if the cache had no limit.")] long Bytes,
    [property: Description("Entries that are cached now.")] long Entries,
    [property: Description("Bytes that are cached now.")] long CachedBytes);
