using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Journals;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>What the database knows of itself.</summary>
/// <param name="Applied">The end of the last record of the log that it has.</param>
/// <param name="Sequence">The highest number of a write or delete.</param>
/// <param name="Tombstones">How many tombstones there are.</param>
internal readonly record struct StoreState(LogPlace Applied, ulong Sequence, long Tombstones)
{
    /// <exception cref="DatabaseDamagedException">It is missing.</exception>
    public static StoreState Read(Connection connection) =>
        connection.Prepare(Sql.State).One<StoreState?>(static row =>
            new StoreState(new LogPlace((int)row.Number(0), row.Number(1)), (ulong)row.Number(2), row.Number(3)))
        ?? throw new DatabaseDamagedException("The database does not say up to where it has the log.");

    public void Write(Connection writer) => writer.Prepare(Sql.PutState).Bind(1, Applied.Segment).Bind(2, Applied.Offset)
        .Bind(3, (long)Sequence).Bind(4, Tombstones).Run();
}
