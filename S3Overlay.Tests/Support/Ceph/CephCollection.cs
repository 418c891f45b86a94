namespace S3Overlay.Tests.Support.Ceph;

/// <summary>The classes that share a pair of gateways, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class CephCollection : ICollectionFixture<CephPair>
{
    public const string Name = "Ceph";
}
