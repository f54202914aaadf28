--- model.rootNode: a decision tree as nested Lua tables, made of the rows of the attribute nodeData (Spark's
-- layout of saved trees). A node has prediction, impurity and stats; an inner one also gain, feature, left, right and
-- threshold (left where value <= threshold) or leftCategories.
local function node(rows, id)
  local r = rows[id + 1]
  local out = { prediction = r.prediction, impurity = r.impurity, stats = r.impurityStats }
  if r.leftChild < 0 then return out end
  out.gain, out.feature = r.gain, r.split.featureIndex
  if r.split.numCategories < 0 then
    out.threshold = r.split.leftCategoriesOrThreshold[1]
  else
    out.leftCategories = r.split.leftCategoriesOrThreshold
  end
  out.left, out.right = node(rows, r.leftChild), node(rows, r.rightChild)
  return out
end

--- rows: node i at index i + 1; children are given by number.
return function(rows) return node(rows, 0) end
