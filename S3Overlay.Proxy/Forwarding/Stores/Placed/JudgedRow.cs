using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// What a row of the store's listing turned out to be: a written object, a copy, or one or the other that has gone since.
/// </summary>
/// <param name="Written">The written object as it is to be shown; null where the row shows none.</param>
/// <param name="IsGone">Whether nothing is there any more. A delete may have put its tombstone meanwhile.</param>
internal readonly record struct JudgedRow(ListedObject? Written, bool IsGone = false);
